using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Batches;

/// <summary>A job, run in one of several ways; each timing is that of the whole job.</summary>
internal static class JobWorkload
{
    /// <summary>By <c>RunManyAsync</c> of a runner for which nothing is configured.</summary>
    public const string Divided = "RunManyAsync";

    /// <summary>By <c>RunMany</c> of the same runner, whose caller takes part.</summary>
    public const string Synchronous = "RunMany";

    /// <summary>ONNX Runtime, one part after the other, inputs and outputs bound once.</summary>
    public const string Loop = "loop";

    /// <summary>The same by as many threads of one's own as there are cores, the parts dealt out to them beforehand: what the machine has to give.</summary>
    public const string Loops = "loops at once by hand";

    private const string Name = "job";

    /// <summary>By the runner.</summary>
    /// <param name="path">The model's file.</param>
    /// <param name="parts">The dimensions of each part, as <c>batch=1,sequence=16</c>.</param>
    /// <param name="call"><see cref="Divided"/> or <see cref="Synchronous"/>.</param>
    public static Candidate Runner(string path, IEnumerable<string> parts, string call = Divided) => new(call, Name, [call, path, .. parts]) { IsJudged = true };

    /// <summary>By one session of ONNX Runtime with so many threads.</summary>
    /// <param name="name">Among the samples.</param>
    /// <param name="threads">The threads.</param>
    /// <param name="path">The model's file.</param>
    /// <param name="parts">The dimensions of each part.</param>
    public static Candidate Session(string name, int threads, string path, IEnumerable<string> parts) =>
        Session(name, new OrtConfiguration(threads, Spinning.On, Parallel: false, Callers: 1), path, parts);

    /// <summary>By one session of ONNX Runtime.</summary>
    /// <param name="name">Among the samples.</param>
    /// <param name="configuration">How it is set up.</param>
    /// <param name="path">The model's file.</param>
    /// <param name="parts">The dimensions of each part.</param>
    public static Candidate Session(string name, OrtConfiguration configuration, string path, IEnumerable<string> parts) =>
        new(name, Name, [name == Loops ? Loops : Loop, path, .. configuration.ToArguments(), .. parts]) { IsBound = name == Loops };

    /// <summary>In a worker process.</summary>
    public static IWorkload? Create(string name, string[] arguments)
    {
        if (name != Name)
            return null;
        string path = arguments[1];
        if (arguments[0] is not (Divided or Synchronous))
        {
            SessionCalls calls = new(path, OrtConfiguration.Parse(arguments.AsSpan(2)), Inputs(path, arguments[6..]));
            Action[] loops = [.. Enumerable.Range(0, BenchRun.Cores).Select<int, Action>(core =>
            {
                Action[] dealt = [.. calls.Calls.Where((_, i) => i % BenchRun.Cores == core)];
                return () => RunEach(dealt);
            })];
            return new Repeated(arguments[0] == Loop ? () => RunEach(calls.Calls) : () => Parallel.Invoke(loops), 1, calls);
        }
        LooseRunner runner = Unconfigured(path, new RunnerOptions());
        LooseRequest[] requests = [.. Inputs(path, arguments[2..]).Select(runner.NewRequest)];
        Func<LooseOutput[]> call = arguments[0] == Divided ? () => runner.RunManyAsync(requests).GetAwaiter().GetResult() : () => runner.RunMany(requests);
        return new Repeated(() => Array.ForEach(call(), static o => o.Dispose()), 1, runner);
    }

    /// <summary>A runner of a project's item of which nothing is said: planned for the sizes that the build takes then.</summary>
    public static LooseRunner Unconfigured(string path, RunnerOptions options) =>
        new(path, LooseDefinition.SpecOf(path, ModelReader.ReadFile(path), new ListingOptions()), options);

    private static void RunEach(IReadOnlyList<Action> calls)
    {
        foreach (Action call in calls)
            call();
    }

    /// <summary>Inputs of these dimensions.</summary>
    public static List<RequestInputs> Inputs(string path, string[] parts)
    {
        OnnxModel model = ModelReader.ReadFile(path);
        return [.. parts.Select(part => RequestInputs.For(model, Sizes(part), new Dictionary<string, string>()))];
    }

    private static Dictionary<string, string> Sizes(string part) =>
        part.Split(',').Where(static p => p.Contains('=', StringComparison.Ordinal)).Select(static p => p.Split('=')).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
}
