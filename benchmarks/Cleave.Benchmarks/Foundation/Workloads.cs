using System;
using Cleave.Generated;
using Cleave.TestKit.Generation;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Foundation;

/// <summary>What the families time, each made in a worker process.</summary>
internal static class Workloads
{
    /// <summary>Hand-written ONNX Runtime, asked for one output or all.</summary>
    public static IWorkload Binding(string path, int group, string? output = null)
    {
        BoundSession session = new(path, output);
        return new Repeated(session.Run, group, session);
    }

    /// <summary><c>call.Run()</c> of the generated runner.</summary>
    public static IWorkload Call(string path, int group)
    {
        (GeneratedRunner runner, GeneratedCall call) = TypedRunner.OpenCall(path);
        ModelCall generated = call.Call;
        return new Repeated(() => generated.Run(), group, new Both(call, runner));
    }

    /// <summary><c>Run(input)</c> of the generated runner.</summary>
    public static IWorkload Run(string path, int group, params string[] outputs)
    {
        ITypedRunner runner = TypedRunner.Open(path, outputs);
        return new Repeated(runner.Run, group, runner);
    }

    private sealed class Both(IDisposable first, IDisposable second) : IDisposable
    {
        public void Dispose()
        {
            first.Dispose();
            second.Dispose();
        }
    }
}
