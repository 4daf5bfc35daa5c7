using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Tool.Golden;
using Cleave.Tool.Measuring;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Failure = Cleave.Tool.Verification.Failure;

namespace Cleave.Tool.Validation;

/// <summary>
/// Validates one model, in a process of its own: ONNX Runtime loads it and every segment of its plans, all run on made
/// inputs, split and whole are compared, and what was recorded is compared with what comes out. One in 8 bits is compared with
/// the model of floats that its item names. Where it has a speed budget, and all that is in order, its time is compared with the plain session's.
/// </summary>
internal static class ModelValidation
{
    public static ValidationReport Run(string file, ListingOptions options, WorkerHost host, CancellationToken cancellationToken)
    {
        Stopwatch time = Stopwatch.StartNew();
        List<ValidationCheck> checks = [];
        try
        {
            IReadOnlyList<string> sets = GoldenSets.Of(file);
            (ValidationCheck? recorded, IReadOnlyList<string> fitting) = sets.Count > 0 ? Recorded(file, sets, cancellationToken) : (null, sets);
            try
            {
                using ModelUnderTest model = new(file, options.Outputs, cancellationToken);
                checks.AddRange(Verify(model, options, fitting, cancellationToken));
            }
            finally
            {
                if (recorded is not null)
                    checks.Add(recorded);
            }
            if (options.QuantizedFrom.Length > 0)
                checks.Add(Against(file, options, cancellationToken));
            if (SpeedBudget.Parse(options.MaxSlowdown) is { } budget && checks.All(c => c.Problem is null))
                checks.Add(SpeedCheck.Of(budget, () => SpeedCheck.Measure(file, options, host, cancellationToken)));
        }
        catch (Exception e) when (e is CommandException or ModelException or IOException or UnauthorizedAccessException)
        {
            checks.Add(new ValidationCheck("load and run", e is ModelException problem ? problem.Problem.Message(options.Source) : e.Message + CustomOperators.WayOut(file, cancellationToken)));
        }
        return new ValidationReport(options.Source, file, time.Elapsed.TotalSeconds, checks);
    }

    private static IEnumerable<ValidationCheck> Verify(ModelUnderTest model, ListingOptions options, IReadOnlyList<string> recorded, CancellationToken cancellationToken)
    {
        DimensionSample? sizes = options.Dims.Length > 0 ? DimensionSample.Parse(options.Dims) : null;
        VerifyReport report = new Verifier(model, new VerifyOptions
        {
            Partitions = 0,
            Audit = false,
            Outputs = options.Outputs,
            Samples = sizes is null ? [] : [sizes],
            PlanSizes = sizes?.Sizes ?? new Dictionary<string, long>(),
            InputFolders = recorded,
            Plan = options.Slicing.Equals("false", StringComparison.OrdinalIgnoreCase) ? PlanMode.Whole
                : Enum.TryParse(options.Plan, ignoreCase: true, out PlanMode plan) ? plan : PlanMode.Auto,
        }, (_, _) => { }, cancellationToken).Run();
        string? note = report.Notes.Count > 0 ? string.Join(" ", report.Notes) : null;
        if (model.RandomOperators.Count > 0)
        {
            yield return new ValidationCheck("load and run", Problem(report.Failures), note);
            yield break;
        }
        yield return new ValidationCheck("load and run", null);
        yield return new ValidationCheck("whole model as Cleave opens it", Problem(report.Failures.Where(f => f.Kind == "whole")), note);
        if (report.Partitions.Any(p => p.Kind == "plan"))
            yield return new ValidationCheck("split against whole", Problem(report.Failures.Where(f => f.Kind == "plan")));
        if (report.Batch is { Samples: > 0 })
            yield return new ValidationCheck("samples together against one by one", Problem(report.Failures.Where(f => f.Kind is not ("whole" or "plan" or PrecisionCheck.Kind))));
        if (report.Precision is { } precision)
            yield return new ValidationCheck("floats of 16 bits in 32", Problem(report.Failures.Where(f => f.Kind == PrecisionCheck.Kind)), precision.WhyNot);
    }

    private static string? Problem(IEnumerable<Failure> failures) =>
        failures.FirstOrDefault() is not { } first ? null
        : (first.Output is null ? "" : $"the output '{first.Output}' differs: ") + first.What
            + (first.Segment is null ? "" : $" ({first.Segment})") + (first.Input.Length > 0 ? $", on {first.Input}" : "");

    private static ValidationCheck Against(string file, ListingOptions options, CancellationToken cancellationToken)
    {
        const string name = "8 bits against floats";
        double? budget = double.TryParse(options.MaxError, NumberStyles.Float, CultureInfo.InvariantCulture, out double error) ? error : null;
        try
        {
            SourceComparison found = SourceComparison.Of(file, options.QuantizedFrom, RecordedFolders.Of(file, options.QuantizedFrom), budget, cancellationToken);
            string words = string.Join("; ", [found.Words, .. found.Notes]);
            return found.IsWithin ? new ValidationCheck(name, null, words) : new ValidationCheck(name, words);
        }
        catch (Exception e) when (e is CommandException or ModelException)
        {
            return new ValidationCheck(name, e is ModelException problem ? problem.Problem.Message(problem.Path == file ? options.Source : options.QuantizedFrom) : e.Message);
        }
    }

    // Recorded are the model's own outputs, whichever the item chooses. Sets that do not fit the model are reported here alone.
    private static (ValidationCheck Check, IReadOnlyList<string> Fitting) Recorded(string file, IReadOnlyList<string> sets, CancellationToken cancellationToken)
    {
        const string name = "recorded outputs";
        using ModelUnderTest model = new(file, cancellationToken: cancellationToken);
        try
        {
            return (new ValidationCheck(name, Difference(sets)), sets);
        }
        catch (RefusedException)
        {
            // One by one: a set that cannot be read hides no difference of another one.
        }
        string? different = null, unfit = null;
        List<string> fitting = [];
        foreach (string set in sets)
        {
            try
            {
                string? found = Difference([set]);
                different ??= found;
                fitting.Add(set);
            }
            catch (RefusedException e)
            {
                unfit ??= e.Message;
            }
        }
        return (new ValidationCheck(name, different is null || unfit is null ? different ?? unfit : unfit + " Besides, " + different), fitting);

        string? Difference(IReadOnlyList<string> some) => GoldenCheck.Run(model, some, GoldenCheck.DefaultTolerance, cancellationToken) is [var first, ..]
            ? $"the {first.Kind} '{first.Name}' is not what {first.Set} records: {first.What}"
            : null;
    }
}
