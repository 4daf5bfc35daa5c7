using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Onnx;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Clusters;

/// <summary>A model run by every set-up of ONNX Runtime in benchmarks/baselines.md, and by the runner that the generator would make of it.</summary>
internal static class Contest
{
    /// <summary>The runner's name among the samples.</summary>
    public const string Ours = "Cleave";

    /// <summary>ONNX Runtime with one thread, among the samples.</summary>
    public const string OneThread = "1 thread";

    /// <summary>The cores that this process may use.</summary>
    public static int Cores => BenchRun.Cores;

    // Behind the name of a set-up.
    private const string OnCleaned = ", cleaned file";

    /// <summary>Every set-up, one request at a time, with all cores of the process, on the published file and, where there is something to clean, on the cleaned one.</summary>
    public static IReadOnlyList<Candidate> Candidates(CatalogModel model, string path)
    {
        BenchOptions options = Inputs(model);
        return
        [
            .. Sessions(path, ""),
            .. Cleaned(model, path) is { } cleaned ? Sessions(cleaned, OnCleaned) : [],
            BenchWorkloads.OfRunner(Ours, path, options, Cores, callers: 1),
        ];

        IEnumerable<Candidate> Sessions(string file, string suffix) =>
            OrtConfiguration.List(options.Threads, options.Callers).Select(c => BenchWorkloads.OfSession(c.Name + suffix, file, options, c));
    }

    /// <summary>The sizes of the model's first sample; an input of one number is given.</summary>
    public static BenchOptions Inputs(CatalogModel model) => new(
        model.Samples[0].Sizes.ToDictionary(s => s.Key, s => s.Value.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal),
        model.Ranges.Where(r => r.Value.Low == r.Value.High).ToDictionary(r => r.Key, r => r.Value.Low.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal),
        BenchOptions.DefaultThreads(Cores), Callers: [1], Rounds: null, Quick: false);

    /// <summary>The plan's lanes without a runner: what the cores give at best to the split that the runner would make.</summary>
    public static Candidate ByHand(CatalogModel model, string path) => new(SplitByHand.Name, SplitByHand.Name, [path, .. Inputs(model).InputArguments]) { IsBound = true };

    /// <summary>The fastest set-up of ONNX Runtime: the smallest median.</summary>
    public static string Best(Samples samples) => samples.Blocks.Keys.Where(k => k is not (Ours or SplitByHand.Name)).MinBy(samples.Median)!;

    private static string? Cleaned(CatalogModel model, string path)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        string folder = Directory.CreateDirectory(Path.Combine(ModelCatalog.Folder, "cleaned", model.Name)).FullName;
        return CleanedModel.Write(path, ModelReader.ReadFile(path), source, folder).Path;
    }

    /// <summary>In a worker process.</summary>
    public static IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "session" or "runner" or "item" => BenchWorkloads.Create(name, arguments),
        SplitByHand.Name => SplitByHand.Planned(arguments),
        SplitByHand.OfItem => SplitByHand.PlannedItem(arguments),
        _ => null,
    };
}
