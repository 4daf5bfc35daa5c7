using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Generated;
using Cleave.Generator.Emit;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Benching;

/// <summary>
/// What the generator would make of a model, without names: the same definition, the same table of thread budgets, and so
/// the same way through Cleave.Runtime.
/// </summary>
internal sealed class LooseRunner : ModelRunner<ModelInputs, LooseRunner.NoOutput>
{
    private readonly OnnxModel _model;

    public LooseRunner(string path, OnnxModel model, int cores)
        : base(Define(path, model), new RunnerOptions { Model = ModelSource.File(path), Cores = cores })
    {
        _model = model;
    }

    /// <summary>A call with its inputs filled.</summary>
    public LooseCall CreateCall(ModelInputs inputs)
    {
        InputBinder binder = NewBinder();
        HashSet<string> given = new(StringComparer.Ordinal);
        foreach (InputData input in inputs.Inputs)
        {
            Dimension[] declared = Declared(input.Name) ?? [];
            for (int axis = 0; axis < declared.Length; axis++)
            {
                if (declared[axis].Value is null && given.Add(NameOf(input.Name, declared[axis], axis)))
                    binder.Dim(input.Shape[axis]);
            }
        }
        foreach (InputData input in inputs.Inputs)
        {
            if (Declared(input.Name) is null)
                binder.Shape(input.Shape);
        }
        LooseCall call = new(Rent(ref binder));
        for (int i = 0; i < inputs.Inputs.Count; i++)
            call.Fill(i, inputs.Inputs[i]);
        return call;
    }

    protected override void Bind(ModelInputs input, ref InputBinder binder) => throw new NotSupportedException("Calls only.");

    protected override NoOutput Collect(OutputBuffers outputs) => throw new NotSupportedException("Calls only.");

    private Dimension[]? Declared(string input) => ((OnnxType.Tensor)_model.Graph.Inputs.First(i => i.Name == input).Type).Shape;

    private static ModelDefinition Define(string path, OnnxModel model)
    {
        HashSet<string> initializers = [.. model.Graph.Initializers.Select(i => i.Name), .. model.Graph.SparseInitializers.Select(i => i.Name)];
        Value[] inputs = [.. model.Graph.Inputs.Where(i => !initializers.Contains(i.Name)).Select(i => ValueOf(i, isInput: true))];
        Value[] outputs = [.. model.Graph.Outputs.Select(o => ValueOf(o, isInput: false))];
        Segment whole = new("Whole", "*", inputs, outputs);
        Plan plan = new("Whole", [whole], lane => lane.Run(whole));
        return new ModelDefinition(
            ModelDefinition.ContractServed, Path.GetFileNameWithoutExtension(path), path, ListingWriter.Hash(model), inputs, outputs,
            [.. PlanEmitter.Cores.Select(cores => new Budget(cores, plan, cores))]);
    }

    private static string NameOf(string input, Dimension dimension, int axis) => dimension.Name ?? input + "[" + axis + "]";

    private static Value ValueOf(ValueInfo info, bool isInput)
    {
        if (info.Type is not OnnxType.Tensor type)
            throw new BenchException($"'{info.Name}' is no tensor, so no runner is made for it.");
        Dim[]? shape = type.Shape?.Select((d, axis) =>
            d.Value is { } size ? size : isInput || d.Name != null ? NameOf(info.Name, d, axis) : Dim.Unknown).ToArray();
        return type.Element switch
        {
            ElementType.Float => Make<float>(),
            ElementType.Double => Make<double>(),
            ElementType.Float16 => Make<Half>(),
            ElementType.BFloat16 => Make<BFloat16>(),
            ElementType.Int8 => Make<sbyte>(),
            ElementType.UInt8 => Make<byte>(),
            ElementType.Int16 => Make<short>(),
            ElementType.UInt16 => Make<ushort>(),
            ElementType.Int32 => Make<int>(),
            ElementType.UInt32 => Make<uint>(),
            ElementType.Int64 => Make<long>(),
            ElementType.UInt64 => Make<ulong>(),
            ElementType.Bool => Make<bool>(),
            ElementType.String => Make<string>(),
            _ => throw new BenchException($"'{info.Name}' is of {type.Element.Word()}, so no runner is made for it."),
        };

        Value Make<T>() => shape is null ? Value.TensorOfAnyShape<T>(info.Name) : Value.Tensor<T>(info.Name, shape);
    }

    /// <summary>Nobody collects outputs here.</summary>
    internal sealed class NoOutput : IDisposable
    {
        public void Dispose()
        {
        }
    }
}

/// <summary>A call whose inputs are set by position.</summary>
internal sealed class LooseCall(CallBuffers buffers) : ModelCall(buffers)
{
    public void Fill(int index, InputData data)
    {
        switch (data.Type)
        {
            case ElementType.Float: Copy<float>(); break;
            case ElementType.Double: Copy<double>(); break;
            case ElementType.Float16: Copy<Half>(); break;
            case ElementType.BFloat16: Copy<BFloat16>(); break;
            case ElementType.Int8: Copy<sbyte>(); break;
            case ElementType.UInt8: Copy<byte>(); break;
            case ElementType.Int16: Copy<short>(); break;
            case ElementType.UInt16: Copy<ushort>(); break;
            case ElementType.Int32: Copy<int>(); break;
            case ElementType.UInt32: Copy<uint>(); break;
            case ElementType.Int64: Copy<long>(); break;
            case ElementType.UInt64: Copy<ulong>(); break;
            case ElementType.Bool: Copy<bool>(); break;
            case ElementType.String: Input<string>(index).Fill(""); break;
            default: throw new BenchException($"The input '{data.Name}' is of {data.Type.Word()}.");
        }

        void Copy<T>()
            where T : unmanaged => data.Bytes.CopyTo(MemoryMarshal.AsBytes(Input<T>(index)));
    }
}
