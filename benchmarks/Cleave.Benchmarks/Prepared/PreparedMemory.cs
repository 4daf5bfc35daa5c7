using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Prepared;

/// <summary>Memory with prepared models against sessions of ONNX Runtime with its defaults: private, and, of several sessions and processes, proportional.</summary>
internal sealed class PreparedMemory : IFamily
{
    private const int Processes = 3;
    private const int Runs = 100;
    private const int Instances = 4;

    // Several sessions need not run as often: what they hold after some runs they keep.
    private const int RunsOfEach = 20;

    private static readonly string[] Bars = ["private, one session", "private, prepared", "proportional, four sessions", "proportional, four prepared"];

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        PreparedCase warm = PreparedCase.Make(ModelCatalog.Get(Starts.WarmedWith)).Case;
        List<(string Model, double[] Megabytes)> drawn = [];
        foreach ((string model, PreparedCase? found, string why) in PreparedCase.Of(PreparedCase.Four.Where(options.Has)))
        {
            if (found is not { } prepared)
            {
                yield return Line.NotMeasured("memory of " + model, "", why);
                continue;
            }
            double[] megabytes = new double[Bars.Length];
            drawn.Add((model, megabytes));
            foreach (Line line in Measure(prepared, warm, options, megabytes))
                yield return line;
        }
        if (drawn.Count > 0)
        {
            BarPlot.Write([.. drawn.Select(static d => d.Model)], "megabytes",
                [.. Bars.Select((words, i) => (words, drawn.Select(d => d.Megabytes[i]).ToArray()))], Path.Combine(Report.BenchFolder(), "memory.svg"));
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "memory-hand" => new MemoryWorkload(Starts.Hand(arguments[2..], warm: true), Number(arguments[0]), Number(arguments[1])),
        "memory-prepared" => new MemoryWorkload(Starts.Runner(arguments[4..], folder: arguments[3], warm: arguments[2]), Number(arguments[0]), Number(arguments[1]), Starts.Check(arguments[3])),
        _ => null,
    };

    private static IEnumerable<Line> Measure(PreparedCase prepared, PreparedCase warm, Harness.BenchOptions options, double[] megabytes)
    {
        int rounds = options.Rounds(Processes);
        string[] Ours(int times, int runs) => [Text(times), Text(runs), warm.Folder, prepared.Folder, .. prepared.Arguments];
        string[] Theirs(int times, int runs) => [Text(times), Text(runs), .. prepared.Arguments];

        ProcessMemory[] hand = Held("memory-hand", Theirs(1, Runs), rounds), ours = Held("memory-prepared", Ours(1, Runs), rounds);
        yield return Compare($"private memory after {Runs} runs, one runner with a prepared model against one session: {prepared.Name}", 0.35, ours, hand, static m => m.Private);

        (megabytes[0], megabytes[1]) = (Megabytes(hand, static m => m.Private), Megabytes(ours, static m => m.Private));
        ProcessMemory[] hands = Held("memory-hand", Theirs(Instances, RunsOfEach), rounds), all = Held("memory-prepared", Ours(Instances, RunsOfEach), rounds);
        yield return Compare($"proportional memory of {Instances} runners with all cores each against {Instances} sessions: {prepared.Name}", 0.5, all, hands, static m => m.Proportional);
        (megabytes[2], megabytes[3]) = (Megabytes(hands, static m => m.Proportional), Megabytes(all, static m => m.Proportional));
        yield return Compare($"the same against one session: {prepared.Name}", 1.3, all, hand, static m => m.Proportional);

        ProcessMemory[] handPairs = Pairs("memory-hand", Theirs(1, RunsOfEach), rounds), pairs = Pairs("memory-prepared", Ours(1, RunsOfEach), rounds);
        yield return Compare($"proportional memory of two processes together: {prepared.Name}", 0.6, pairs, handPairs, static m => m.Proportional);
    }

    private static double Megabytes(ProcessMemory[] held, Func<ProcessMemory, double> read) => Statistics.Median(held.Select(read)) / 1e6;

    private static Line Compare(string what, double limit, ProcessMemory[] ours, ProcessMemory[] theirs, Func<ProcessMemory, double> read)
    {
        double mine = Statistics.Median(ours.Select(read)), other = Statistics.Median(theirs.Select(read));
        return Line.Of(what, string.Create(CultureInfo.InvariantCulture, $"<= {limit}x"),
            string.Create(CultureInfo.InvariantCulture, $"{mine / other:0.00}x ({mine / 1e6:0} and {other / 1e6:0} MB)"), mine <= limit * other, new { ours, theirs });
    }

    private static ProcessMemory[] Held(string workload, string[] arguments, int rounds) => [.. Enumerable.Range(0, rounds).Select(_ =>
    {
        using WorkerProcess worker = new(Interleaved.Host, workload, arguments);
        return Read(worker);
    })];

    // Both hold their sessions while each is read; before the second has opened, the first would count all pages as its own.
    private static ProcessMemory[] Pairs(string workload, string[] arguments, int rounds) => [.. Enumerable.Range(0, rounds).Select(_ =>
    {
        using WorkerProcess one = new(Interleaved.Host, workload, arguments), other = new(Interleaved.Host, workload, arguments);
        Read(one);
        Read(other);
        ProcessMemory first = Read(one), second = Read(other);
        return new ProcessMemory(first.Resident + second.Resident, first.Private + second.Private, first.Proportional + second.Proportional);
    })];

    private static ProcessMemory Read(WorkerProcess worker)
    {
        double[] held = worker.Block(MemoryWorkload.Numbers).Nanoseconds;
        return new ProcessMemory(held[0], held[1], held[2]);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
