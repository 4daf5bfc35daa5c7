using System;
using Cleave.Generated;

namespace Cleave.Emulator;

/// <summary>Runs a placed model, in the form of generated code but without names.</summary>
internal sealed class PlacedRunner(PlacedModel model, RunnerOptions options) : ModelRunner<float[], PlacedRunner.Output>(model.Definition, options)
{
    /// <summary>A call whose inputs are zeros.</summary>
    public Call NewCall()
    {
        InputBinder binder = NewBinder();
        return new Call(Rent(ref binder));
    }

    protected override void Bind(float[] input, ref InputBinder binder) => binder.Copy<float>(0, input);

    protected override Output Collect(OutputBuffers outputs) => new(outputs);

    internal sealed class Call(CallBuffers buffers) : ModelCall(buffers);

    internal sealed class Output(OutputBuffers buffers) : IDisposable
    {
        public void Dispose() => buffers.Dispose();
    }
}
