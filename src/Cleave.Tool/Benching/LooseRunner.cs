using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.Generator.Model;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Benching;

/// <summary>
/// What the generator would make of a model, without names: the same definition, the same table of thread budgets, and so
/// the same way through Cleave.Runtime.
/// </summary>
internal sealed class LooseRunner : ModelRunner<ModelInputs, LooseRunner.NoOutput>
{
    private readonly RunnerSpec _spec;

    /// <param name="path">The model's file.</param>
    /// <param name="spec">What the generator would write (<see cref="LooseDefinition.SpecOf"/>).</param>
    /// <param name="options">How to run it; the model is the file.</param>
    public LooseRunner(string path, RunnerSpec spec, RunnerOptions options)
        : base(LooseDefinition.Of(spec), With(options, path))
    {
        _spec = spec;
    }

    /// <summary>A call with its inputs filled.</summary>
    /// <param name="inputs">One for each input of the model; those that the chosen outputs do not need are left out.</param>
    public LooseCall CreateCall(ModelInputs inputs)
    {
        Dictionary<string, InputData> byName = inputs.Inputs.ToDictionary(i => i.Name, StringComparer.Ordinal);
        Dictionary<string, int> sizes = new(StringComparer.Ordinal);
        foreach (TensorSpec input in _spec.Inputs)
        {
            for (int axis = 0; axis < input.Shape.Count; axis++)
            {
                if (input.Shape[axis].Symbol is { } symbol)
                    sizes[symbol] = byName[input.Name].Shape[axis];
            }
        }
        InputBinder binder = NewBinder();
        foreach (SymbolSpec symbol in _spec.Symbols)
            binder.Dim(sizes[symbol.Name]);
        foreach (TensorSpec input in _spec.Inputs.Where(i => !i.RankIsKnown))
            binder.Shape(byName[input.Name].Shape);
        LooseCall call = new(Rent(ref binder));
        for (int i = 0; i < _spec.Inputs.Count; i++)
            call.Fill(i, byName[_spec.Inputs[i].Name]);
        return call;
    }

    protected override void Bind(ModelInputs input, ref InputBinder binder) => throw new NotSupportedException("Calls only.");

    protected override NoOutput Collect(OutputBuffers outputs) => throw new NotSupportedException("Calls only.");

    private static RunnerOptions With(RunnerOptions options, string path)
    {
        options.Model = ModelSource.File(path);
        return options;
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
