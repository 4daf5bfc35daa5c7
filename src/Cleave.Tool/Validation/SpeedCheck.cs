using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Tool.Validation;

/// <summary>
/// A model's speed budget: what the item's runner takes against ONNX Runtime's plain session on the whole model, in one
/// run and in turn, so that how fast the machine is does not matter.
/// </summary>
internal static class SpeedCheck
{
    public const string Name = "speed";
    public const string Runner = "Cleave";
    public const string Session = "ONNX Runtime";

    // As `new InferenceSession(path)` sets it up, but for what its threads do between runs: they would take the cores of
    // the other one.
    private static readonly OrtConfiguration PlainSession = new(Threads: 0, Spinning.StopBetweenRuns, Parallel: false, Callers: 1);

    // Slow models run once a block, so that the whole fits into the time that a validation may take.
    private static readonly MeasureSettings Settings = new()
    {
        Rounds = 12,
        LeastCalls = 1,
        LeastTime = TimeSpan.FromMilliseconds(20),
        WarmUp = TimeSpan.FromMilliseconds(500),
    };

    /// <summary>Too slow is what is so beyond the whole interval of the measured ratio, twice.</summary>
    /// <param name="budget">The most that the ratio may be.</param>
    /// <param name="measure">Measures both.</param>
    public static ValidationCheck Of(double budget, Func<Samples> measure)
    {
        try
        {
            (_, Interval ratio, bool holds) = Claims.NoLoss(() => Undisturbed(measure), Ratio, budget);
            string found = string.Create(CultureInfo.InvariantCulture,
                $"it takes {ratio.Median:0.00} times as long as ONNX Runtime's plain session (with 95 % certainty {ratio.Low:0.00} to {ratio.High:0.00}); the budget is {budget:0.######}");
            return holds ? new ValidationCheck(Name, null, found) : new ValidationCheck(Name, found) { Rule = Rules.TooSlow.Id };
        }
        catch (CommandException e)
        {
            return new ValidationCheck(Name, "it could not be measured: " + e.Message);
        }
    }

    /// <summary>Measures a model as its item has it.</summary>
    /// <param name="file">The model's file.</param>
    /// <param name="options">The item metadata.</param>
    /// <param name="host">The program that both run in, each in a process of its own.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static Samples Measure(string file, ListingOptions options, WorkerHost host, CancellationToken cancellationToken)
    {
        using TemporaryFolder folder = new();
        string listing = Path.Combine(folder.Path, "item.graph");
        using (FileStream stream = File.Create(listing))
            ListingWriter.Write(new ModelListing { Options = options }, stream);
        BenchOptions inputs = Inputs(file, options, cancellationToken);
        Measurement measurement = new(c => new WorkerProcess(host, c.Workload, c.Arguments), Settings);
        return measurement.Run(
            [BenchWorkloads.OfItem(Runner, file, listing, inputs), BenchWorkloads.OfSession(Session, file, inputs, PlainSession)], cancellationToken);
    }

    // What a busy machine spoils, it seldom spoils twice.
    private static Samples Undisturbed(Func<Samples> measure) => measure() is { Failures.Count: 0 } samples ? samples : measure();

    private static Interval Ratio(Samples samples) => samples.Failures.Count == 0
        ? samples.Ratio(Runner, Session)
        : throw new WorkerException(string.Join("; ", samples.Failures.Select(f => f.Key + ": " + f.Value.Message)), "");

    // Of the sizes that the item gives, and for the others 1 or a size that the model runs with.
    private static BenchOptions Inputs(string file, ListingOptions options, CancellationToken cancellationToken)
    {
        OnnxModel model = ModelReader.ReadFile(file, cancellationToken);
        Dictionary<string, string> given = options.Dims.Length == 0 ? [] : PlanDimensions.Parse(options.Dims)
            .ToDictionary(d => d.Key, d => d.Value.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal);
        Dictionary<string, string> none = [];
        return new BenchOptions(LikelySizes.Complete(file, model, given, none), none, [], [1], null, Quick: false);
    }
}
