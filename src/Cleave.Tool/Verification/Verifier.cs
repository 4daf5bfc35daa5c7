using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Passes.Partitions;
using Cleave.Tool.Planning;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Verification;

/// <summary>Cuts a model in many ways, and compares each with the whole.</summary>
internal sealed class Verifier(ModelUnderTest model, VerifyOptions options, Action<string, double> progress, CancellationToken cancellationToken)
{
    private readonly List<string> _notes = [];

    /// <exception cref="RefusedException">What was asked for cannot be done.</exception>
    public VerifyReport Run()
    {
        progress("whole model", 0);
        InputMaker maker = new(model.Graph, options.Fills);
        ReferenceCases wanted = new(maker, options, cancellationToken);
        using References references = Open();
        List<ReferenceCase> cases = wanted.Run(references, out DimensionSample? sample);
        if (model.RandomOperators.Count > 0)
            return RunOnly(cases);
        NoteLimits(cases);
        PartitionCheck check = new(model, options.Threads, cases);
        List<PartitionReport> partitions = [check.RunWhole(), .. Plans(check, cases), .. Random(check)];
        foreach ((string output, OutputDifference rounding) in check.Rounding.OrderBy(r => r.Key, StringComparer.Ordinal))
            _notes.Add(string.Create(CultureInfo.InvariantCulture, $"ONNX Runtime computes floats of 16 bits in 32 and rounds at cuts only: that alone moves the output '{output}' of the whole model by up to {rounding.Apart()}. Partitions are compared with the whole model rounded at the same values."));
        _notes.AddRange(check.Unsettled.Select(ReferenceCase.UnsettledNote));
        progress("precision", 0);
        PrecisionReport? precision = new PrecisionCheck(model, options.Threads, cases).Run(Baked().Where(p => p.Splits.Count == 0).Select(p => (IReadOnlyList<SegmentRequest>)check.Requests(p.Partition)), check.Failures);
        return Report(cases, check, partitions, precision, BatchCheck.Run(model, references.RunFile, maker, sample, options.SeedOfInputs, check.Failures, _notes));
    }

    // Whole and in its plans, on the inputs that it takes: what differs is no failure, what does not run is one.
    private VerifyReport RunOnly(List<ReferenceCase> cases)
    {
        _notes.Add($"The model draws random numbers ({string.Join(", ", model.RandomOperators)}), so that no two runs of it are alike: it was run, and nothing was compared.");
        cases = [.. cases.Select(static c => c with { Unstable = c.Optimised.Keys.Concat(c.Unoptimised.Keys).ToHashSet(StringComparer.Ordinal) })];
        PartitionCheck check = new(model, options.Threads, cases);
        List<PartitionReport> partitions = [check.RunWhole(), .. Plans(check, cases)];
        return Report(cases, check, partitions, null, null);
    }

    private References Open()
    {
        try
        {
            return new References(model, options.Threads);
        }
        catch (SegmentException e)
        {
            throw new RefusedException($"ONNX Runtime does not run the model: {e.Message}");
        }
    }

    private void NoteLimits(List<ReferenceCase> cases)
    {
        foreach (string output in cases.SelectMany(c => c.Unstable).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            _notes.Add($"The output '{output}' differs from one run of the whole model to the next: it is not compared.");
        foreach (string output in cases.SelectMany(c => c.Optimised.Keys).Distinct(StringComparer.Ordinal).Where(o => cases.All(c => c.Optimised.GetValueOrDefault(o) is not { Count: > 0 })).Order(StringComparer.Ordinal))
            _notes.Add($"The output '{output}' had no elements on any of these inputs, so nothing of it was compared; give inputs that the model was made for, {InputMaker.Advice}.");
        foreach (string output in cases.SelectMany(c => c.Optimised.Where(o => OutputDifference.HasNonFinite(o.Value)).Select(o => o.Key)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            _notes.Add($"The output '{output}' has elements that are not finite numbers, which hides differences; give inputs that the model was made for, {InputMaker.Advice}.");
        foreach (string output in Moved(static type => Tolerance.IsFloat(type), Tolerance.Limit(model)))
            _notes.Add(string.Create(CultureInfo.InvariantCulture, $"ONNX Runtime's own optimisations move the output '{output}' of the whole model by more than {Tolerance.Limit(model)} of its range: partitions may move it twice as far."));
        foreach (string output in Moved(static type => !Tolerance.IsFloat(type), 0))
            _notes.Add($"ONNX Runtime's own optimisations change elements of the output '{output}' of the whole model, as where two scores are nearly equal: a partition that changes some, too, need not be wrong. Compare the values that it is computed from, with --outputs.");
        foreach (ReferenceCase reference in cases)
        {
            foreach ((string output, OutputDifference difference) in reference.SlicedDifference.Where(d => !d.Value.SameBits && !reference.Unstable.Contains(d.Key)))
                _notes.Add($"The output '{output}' of the whole model sliced as one segment is not that of the file bit by bit where nothing is optimised ({difference.Ulps:g3} ulp).");
        }

        IEnumerable<string> Moved(Func<ElementType, bool> isOne, double limit) => cases
            .SelectMany(c => c.Own.Where(o => o.Value.Difference.OfRange > limit && !c.Unstable.Contains(o.Key) && isOne(c.Optimised[o.Key].Type)).Select(static o => o.Key))
            .Distinct(StringComparer.Ordinal);
    }

    // A clone would look like a fusion that its other copy lost.
    private IEnumerable<PartitionReport> Plans(PartitionCheck check, List<ReferenceCase> cases)
    {
        foreach ((int cores, Partition partition, IReadOnlyList<RecurrentSplit> splits) in Baked())
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress(string.Create(CultureInfo.InvariantCulture, $"plan for {cores} cores"), 0);
            if (splits.Count == 0)
            {
                yield return check.Run("plan", (ulong)cores, partition, options.Audit && partition.Segments.All(s => s.Cloned.Length == 0));
                continue;
            }
            // Compared with what the model as it is gave; which fusions its own nodes lose says nothing of others.
            PartitionCheck apart = new(model.TakenApart(splits), options.Threads, cases);
            yield return apart.Run("plan", (ulong)cores, partition, audit: false);
            check.Failures.AddRange(apart.Failures);
            _notes.Add($"The plan for {cores.ToString(CultureInfo.InvariantCulture)} cores has {RecurrentPlanner.Words(splits)}: other nodes compute its values, which are compared within the tolerance also where nothing is optimised.");
        }
    }

    private IEnumerable<(int Cores, Partition Partition, IReadOnlyList<RecurrentSplit> Splits)> Baked()
    {
        try
        {
            return BakedPlans.Of(model.Graph, DeviceTables.Baked, new PlanOptions { Mode = options.Plan }, options.PlanSizes);
        }
        catch (FormatException e)
        {
            throw new RefusedException($"Dims: {e.Message}.");
        }
    }

    private IEnumerable<PartitionReport> Random(PartitionCheck check)
    {
        (string Kind, Quotient Units)[] kinds = [("groups", CutUnits.OfGroups(model.Graph)), ("nodes", CutUnits.OfNodes(model.Graph))];
        HashSet<string> seen = new(StringComparer.Ordinal);
        int done = 0;
        foreach ((string kind, Quotient units) in kinds)
        {
            for (int i = 0; i < options.Partitions; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ulong seed = unchecked(options.Seed + (ulong)i);
                progress(string.Create(CultureInfo.InvariantCulture, $"partition {seed} over {kind}"), (double)done++ / (kinds.Length * options.Partitions));
                Partition partition = RandomPartition.Make(model.Graph, units, seed);
                // Small models have few ways to be cut.
                if (partition.Segments.Count > 1 && seen.Add(kind + string.Join("|", partition.Segments.Select(s => string.Join(",", s.Nodes)))))
                    yield return check.Run(kind, seed, partition, options.Audit && kind == "groups");
            }
        }
    }

    private VerifyReport Report(List<ReferenceCase> cases, PartitionCheck check, List<PartitionReport> partitions, PrecisionReport? precision, BatchReport? batch)
    {
        List<PartitionReport> split = [.. partitions.Where(p => p.Kind != PartitionCheck.WholeKind)];
        int nodes = model.Graph.Groups.Sum(g => g.Nodes.Length), segments = split.Sum(p => p.Segments);
        Verdict verdict = check.Failures.Count > 0 ? Verdict.Different
            : model.RandomOperators.Count > 0 ? Verdict.Unverifiable
            : !cases.Any(c => c.Optimised.Keys.Any(c.Shows)) ? Verdict.NothingCompared
            : segments == 0 && nodes > 1 ? Verdict.NothingSplit
            : Verdict.Equal;
        return new VerifyReport
        {
            Model = Path.GetFileName(model.Path),
            OnnxRuntime = OrtEnv.Instance().GetVersionString(),
            Seed = options.Seed,
            InputSeed = options.SeedOfInputs,
            Threads = options.Threads,
            Nodes = nodes,
            Groups = model.Graph.Groups.Count,
            Verdict = verdict,
            Inputs = [.. cases.Select(c => c.Inputs.Name)],
            Segments = segments,
            CutValues = split.Sum(p => p.CutValues),
            Outputs = verdict == Verdict.Unverifiable ? [] : Outputs(cases, partitions),
            Partitions = partitions,
            Batch = batch,
            Precision = precision,
            Failures = check.Failures,
            Notes = _notes,
        };
    }

    private static List<OutputReport> Outputs(List<ReferenceCase> cases, List<PartitionReport> partitions)
    {
        return [.. cases.SelectMany(c => c.Optimised.Keys).Distinct(StringComparer.Ordinal).Select(output => new OutputReport(
            output,
            Largest(cases.Select(c => c.Own.GetValueOrDefault(output)?.Difference)),
            Optimised(PartitionCheck.WholeKind, output), Optimised("plan", output), Optimised("groups", output), Optimised("nodes", output),
            Largest(partitions.Where(static p => p.Kind != PartitionCheck.WholeKind).Select(p => p.Unoptimised.GetValueOrDefault(output)))))];

        OutputDifference Optimised(string kind, string output) =>
            Largest(partitions.Where(p => p.Kind == kind).Select(p => p.Optimised.GetValueOrDefault(output)));

        static OutputDifference Largest(IEnumerable<OutputDifference?> all) =>
            all.Aggregate(OutputDifference.None, (largest, d) => d is null ? largest : largest.Or(d));
    }
}
