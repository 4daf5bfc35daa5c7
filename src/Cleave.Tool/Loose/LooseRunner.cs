using System;
using Cleave.Generated;
using Cleave.Generator.Model;
using Cleave.Tool.Running;

namespace Cleave.Tool.Loose;

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
        : this(path, spec, LooseDefinition.Of(spec), options)
    {
    }

    /// <param name="path">The model's file.</param>
    /// <param name="spec">What the generator would write.</param>
    /// <param name="definition">What of it is run.</param>
    /// <param name="options">How to run it; the model is the file.</param>
    public LooseRunner(string path, RunnerSpec spec, ModelDefinition definition, RunnerOptions options)
        : base(definition, With(options, path))
    {
        _spec = spec;
    }

    /// <summary>A request with these inputs, as often as one likes.</summary>
    /// <param name="inputs">One for each input of the model; those that the chosen outputs do not need are left out.</param>
    public LooseRequest NewRequest(RequestInputs inputs) => new(_spec, inputs);

    /// <summary>A call with its inputs filled.</summary>
    public LooseCall CreateCall(RequestInputs inputs)
    {
        LooseRequest request = NewRequest(inputs);
        InputBinder binder = NewBinder();
        request.Describe(ref binder);
        CallBuffers buffers = Rent(ref binder);
        request.Copy(ref binder);
        return new LooseCall(buffers);
    }

    protected override void Bind(LooseRequest input, ref InputBinder binder)
    {
        input.Describe(ref binder);
        input.Copy(ref binder);
    }

    protected override LooseOutput Collect(OutputBuffers outputs) => new(outputs);

    private static RunnerOptions With(RunnerOptions options, string path)
    {
        options.Model = ModelSource.File(path);
        return options;
    }
}

/// <summary>The outputs of a request.</summary>
internal sealed class LooseOutput(OutputBuffers buffers) : IDisposable
{
    public OutputTensor<T> Get<T>(int output) => buffers.Tensor<T>(output);

    public void Dispose() => buffers.Dispose();
}

/// <summary>A call, which the runner filled.</summary>
internal sealed class LooseCall(CallBuffers buffers) : ModelCall(buffers);
