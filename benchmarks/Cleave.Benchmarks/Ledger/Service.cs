using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Onnx;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Ledger;

/// <summary>
/// A service of three models: each request runs all three, one after the other, on the thread that asks. docs/threads.md shows what comes out.
/// </summary>
internal static class Service
{
    /// <summary>Cleave, with nothing configured.</summary>
    public const string Ours = "Cleave";

    /// <summary>ONNX Runtime, with nothing configured.</summary>
    public const string Defaults = "defaults";

    private const string Sessions = "service-sessions";
    private const string Runners = "service-runners";
    private static readonly string[] Names = ["ultraface_slim_320", "light_shufflenet_random", "two_tower_8x256"];

    /// <summary>Every candidate with so many clients.</summary>
    public static IReadOnlyList<Candidate> Candidates(int clients)
    {
        string[] paths = Cleaned();
        return
        [
            Session(Defaults, new OrtConfiguration(0, Spinning.On, Parallel: false, clients), paths),
            .. OrtConfiguration.List([1, .. Enumerable.Range(2, Math.Max(0, BenchRun.Cores - 1))], [clients]).Where(c => !c.Parallel).Select(c => Session(c.Name, c, paths)),
            new Candidate(Ours, Runners, [clients.ToString(CultureInfo.InvariantCulture), .. paths]) { Callers = clients, IsJudged = true },
        ];
    }

    /// <summary>ONNX Runtime's defaults on the models as published, which shows what cleaning gives.</summary>
    public static Candidate Published(int clients) =>
        Session("defaults, as published", new OrtConfiguration(0, Spinning.On, Parallel: false, clients), [.. Names.Select(n => ModelCatalog.Get(n).Write(ModelCatalog.Folder))]);

    /// <summary>In a worker process.</summary>
    public static IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        Sessions => OfSessions(OrtConfiguration.Parse(arguments), arguments[4..]),
        Runners => OfRunners(int.Parse(arguments[0], CultureInfo.InvariantCulture), arguments[1..], new RunnerOptions()),
        _ => null,
    };

    /// <summary>The service as Cleave runs it, with nothing configured but who is told of each session that is made, on the thread that makes it.</summary>
    public static Callers OfRunners(int clients, string[] paths, Action made) => OfRunners(clients, paths, new RunnerOptions { ConfigureSession = (_, _) => made() });

    /// <summary>Requests a second in each round: so many clients, each of which waits for its answer.</summary>
    public static double[] Throughput(Samples samples, string candidate, int clients) =>
        [.. samples.Blocks[candidate].Select(b => clients / (b.Nanoseconds.Average() / 1e9))];

    /// <summary>How many times as many requests a second the first answers as the second: the median over the rounds, with its interval.</summary>
    public static Interval Ratio(Samples samples, string first, string second, int clients) =>
        Statistics.MedianInterval(Throughput(samples, first, clients).Zip(Throughput(samples, second, clients), static (a, b) => a / b));

    /// <summary>Of ONNX Runtime's set-ups that somebody chose, the one that answers most.</summary>
    public static string Best(Samples samples, int clients) => samples.Blocks.Keys
        .Where(static k => k != Ours && !k.StartsWith(Defaults, StringComparison.Ordinal))
        .MaxBy(k => Statistics.Median(Throughput(samples, k, clients)))!;

    private static Candidate Session(string name, OrtConfiguration configuration, string[] paths) =>
        new(name, Sessions, [.. configuration.ToArguments(), .. paths]) { Callers = configuration.Callers };

    private static Callers OfSessions(OrtConfiguration configuration, string[] paths)
    {
        SessionCalls[] sessions = [.. paths.Select(p => new SessionCalls(p, configuration, Inputs(p)))];
        return Together(configuration.Callers, [.. sessions.Select(s => s.Calls)], sessions);
    }

    private static Callers OfRunners(int clients, string[] paths, RunnerOptions options)
    {
        PlannedRunner[] runners = [.. paths.Select(p => PlannedRunner.Of([p], options.Copy())())];
        return Together(clients, [.. runners.Select(r => Enumerable.Range(0, clients).Select(_ => r.NewCall()).ToArray())], runners);
    }

    private static Callers Together(int clients, IReadOnlyList<Action>[] calls, IReadOnlyList<IDisposable> owned) =>
        new([.. Enumerable.Range(0, clients).Select<int, Action>(client => () =>
        {
            foreach (IReadOnlyList<Action> model in calls)
                model[client]();
        })], new AllOf(owned));

    private static RequestInputs Inputs(string path) =>
        RequestInputs.For(ModelReader.ReadFile(path), new Dictionary<string, string>(), new Dictionary<string, string>());

    private static string[] Cleaned() => [.. Names.Select(name =>
    {
        string published = ModelCatalog.Get(name).Write(ModelCatalog.Folder);
        using ByteSource source = ByteSource.OpenFile(published);
        string folder = Directory.CreateDirectory(Path.Combine(ModelCatalog.Folder, "service", name)).FullName;
        return CleanedModel.Write(published, ModelReader.ReadFile(published), source, folder).Path ?? published;
    })];

    private sealed class AllOf(IReadOnlyList<IDisposable> owned) : IDisposable
    {
        public void Dispose()
        {
            foreach (IDisposable one in owned)
                one.Dispose();
        }
    }
}
