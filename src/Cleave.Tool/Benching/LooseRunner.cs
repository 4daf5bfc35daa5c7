using System;
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
internal sealed class LooseRunner : ModelRunner<LooseRequest, LooseOutput>
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

    /// <summary>A request with these inputs, as often as one likes.</summary>
    /// <param name="inputs">One for each input of the model; those that the chosen outputs do not need are left out.</param>
    public LooseRequest NewRequest(ModelInputs inputs) => new(_spec, inputs);

    /// <summary>A call with its inputs filled.</summary>
    public LooseCall CreateCall(ModelInputs inputs)
    {
        LooseRequest request = NewRequest(inputs);
        InputBinder binder = NewBinder();
        request.Describe(ref binder);
        LooseCall call = new(Rent(ref binder));
        for (int i = 0; i < request.Data.Count; i++)
            call.Fill(i, request.Data[i]);
        return call;
    }

    protected override void Bind(LooseRequest input, ref InputBinder binder) => input.Bind(ref binder);

    protected override LooseOutput Collect(OutputBuffers outputs) => new(outputs);

    private static RunnerOptions With(RunnerOptions options, string path)
    {
        options.Model = ModelSource.File(path);
        return options;
    }
}

/// <summary>The outputs of a request, which nobody reads here.</summary>
internal sealed class LooseOutput(OutputBuffers buffers) : IDisposable
{
    public void Dispose() => buffers.Dispose();
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
