using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Clusters;
using Cleave.Core.Listing;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Preparing;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Prepared;

/// <summary>A model, the inputs that it runs with, and the folder that it was prepared into.</summary>
/// <param name="Name">The model's name in the catalog.</param>
/// <param name="Arguments">Its file, and the inputs as arguments.</param>
/// <param name="Folder">The folder of its entries.</param>
internal sealed record PreparedCase(string Name, string[] Arguments, string Folder)
{
    /// <summary>Four models, of which creation costs most.</summary>
    public static IReadOnlyList<string> Four { get; } = ["light_resnet50_random", "light_inception_v2_random", "light_densenet121_random", "bert_6x768"];

    /// <summary>Where all of them are prepared into: artifacts/prepared.</summary>
    private static string Root { get; } = Path.Combine(Path.GetDirectoryName(ModelCatalog.Folder)!, "prepared");

    /// <summary>The cases of models, those that there are; the others say why they are not measured.</summary>
    public static IEnumerable<(string Model, PreparedCase? Case, string Why)> Of(IEnumerable<string> models)
    {
        foreach (string name in models)
        {
            if (ModelCatalog.All.FirstOrDefault(m => m.Name == name) is not { } model)
            {
                yield return (name, null, "the model is absent");
                continue;
            }
            (PreparedCase made, IReadOnlyList<PreparedSegment> segments) = Make(model);
            string? why = WhyNot(segments);
            yield return (name, why is null ? made : null, why ?? "");
        }
    }

    /// <summary>Why a model is not prepared; null where all of its segments are that have weights.</summary>
    public static string? WhyNot(IReadOnlyList<PreparedSegment> segments) =>
        segments.Select(static s => s.WhyNot).FirstOrDefault(static w => w is not (null or SegmentPreparer.NoWeights))
        ?? (segments.All(static s => s.WhyNot is SegmentPreparer.NoWeights) ? SegmentPreparer.NoWeights : null);

    /// <summary>Prepares what is not prepared yet, for the cores at hand.</summary>
    public static (PreparedCase Case, IReadOnlyList<PreparedSegment> Segments) Make(CatalogModel model)
    {
        Tool.Benching.BenchOptions inputs = Contest.Inputs(model);
        string written = Path.Combine(ModelCatalog.Folder, model.Name + ".onnx");
        PreparedCase made = new(model.Name, [File.Exists(written) ? written : model.Write(ModelCatalog.Folder), .. inputs.InputArguments], Path.Combine(Root, model.Name));
        // Another suite may have written the model anew. Then every start would hash all of it, which is not what is measured.
        if (Directory.Exists(made.Folder) && Directory.GetDirectories(made.Folder).Any(entry => Directory.GetLastWriteTimeUtc(entry) < File.GetLastWriteTimeUtc(made.Arguments[0])))
            Directory.Delete(made.Folder, recursive: true);
        ListingOptions item = new() { Dims = BenchWorkloads.Dims(made.Arguments) };
        return (made, PrepareRun.Make(new ModelToPrepare(made.Name, made.Arguments[0], made.Folder, item), new PrepareOptions(Contest.Cores, null, new FolderTrust(false)), static _ => { }, CancellationToken.None));
    }

    /// <summary>What makes a runner; with a folder it looks for prepared entries there.</summary>
    public static (Func<LooseRunner> Create, RequestInputs Inputs) Runner(string[] arguments, string? folder) =>
        BenchWorkloads.Planned(arguments, new RunnerOptions { Prepared = folder, PreparesByItself = false });

    /// <summary>
    /// Refuses a runner that found nothing prepared, or not all of it: its numbers would be those of a plain one. A segment without weights has nothing to prepare, and
    /// models that lack another are left out before (<see cref="Of"/>); so among several segments one that is prepared shows that the folder was of use.
    /// </summary>
    public static void Demand(LooseRunner runner)
    {
        string[] ways = [.. runner.Engine.Plan.Sessions.Select(static s => s.Way)];
        if (!ways.Contains("prepared") || ways.Any(static w => w is not ("prepared" or "sliced")))
            throw new InvalidOperationException("The runner does not use what was prepared: its sessions are " + string.Join(", ", ways) + ". Delete artifacts/prepared and measure again.");
    }

    /// <summary>Megabytes, for a line.</summary>
    public static string Megabytes(double bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0}");
}
