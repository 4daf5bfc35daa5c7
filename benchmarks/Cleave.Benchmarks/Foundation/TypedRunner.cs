using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Listing;
using Cleave.TestKit.Generation;

namespace Cleave.Benchmarks.Foundation;

/// <summary>A generated runner with one thread and one input, called as an application calls it: by its types.</summary>
internal interface ITypedRunner : IDisposable
{
    /// <summary><c>Run(input)</c>, its output disposed.</summary>
    void Run();

    /// <summary><c>await RunAsync(input)</c>, its output disposed; timed one by one, after idling so long each.</summary>
    Task TimeAsync(double[] nanoseconds, TimeSpan idle);
}

/// <inheritdoc cref="ITypedRunner"/>
internal sealed class TypedRunner<TInput, TOutput>(ModelRunner<TInput, TOutput> runner, TInput input) : ITypedRunner
    where TOutput : IDisposable
{
    public void Run() => runner.Run(input).Dispose();

    public async Task TimeAsync(double[] nanoseconds, TimeSpan idle)
    {
        for (int i = 0; i < nanoseconds.Length; i++)
        {
            if (idle > TimeSpan.Zero)
                Thread.Sleep(idle);
            long start = Stopwatch.GetTimestamp();
            (await runner.RunAsync(input).ConfigureAwait(false)).Dispose();
            nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }
    }

    public void Dispose() => runner.Dispose();
}

/// <summary>Takes a model file through listing, generator and compiler in memory.</summary>
internal static class TypedRunner
{
    /// <param name="path">The model's file.</param>
    /// <param name="outputs">The values chosen as outputs; none: the model's.</param>
    public static GeneratedModel Generate(string path, params string[] outputs)
    {
        ListingOptions options = new() { Source = Path.GetFileName(path), Outputs = outputs };
        return GeneratedModel.FromListing(ModelLister.List(path, options, CancellationToken.None));
    }

    public static RunnerOptions OneThread(string path) => new() { Model = ModelSource.File(path), Cores = 1 };

    public static ITypedRunner Open(string path, params string[] outputs)
    {
        GeneratedRunner runner = Generate(path, outputs).CreateRunner(OneThread(path));
        object input = runner.NewInput(Feeds.For(path));
        Type[] types = runner.Runner.GetType().BaseType!.GetGenericArguments();
        return (ITypedRunner)Activator.CreateInstance(typeof(TypedRunner<,>).MakeGenericType(types), runner.Runner, input)!;
    }

    /// <summary>A call with its inputs filled; disposing the runner is the caller's.</summary>
    public static (GeneratedRunner Runner, GeneratedCall Call) OpenCall(string path)
    {
        IReadOnlyDictionary<string, TensorData> feeds = Feeds.For(path);
        GeneratedRunner runner = Generate(path).CreateRunner(OneThread(path));
        GeneratedCall call = runner.CreateCall(feeds.ToDictionary(f => f.Key, f => f.Value.Shape));
        foreach ((string name, TensorData data) in feeds)
            call.SetInput(name, data.Data);
        return (runner, call);
    }
}
