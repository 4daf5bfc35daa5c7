using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Passes.Partitions;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Verification;

/// <summary>Runs a split model, and compares it with what the whole one gave.</summary>
internal sealed class PartitionCheck(ModelUnderTest model, int threads, IReadOnlyList<ReferenceCase> cases)
{
    /// <summary>Of the plan of one segment.</summary>
    public const string WholeKind = "whole";

    private const string Whole = "Whole";

    private readonly Dictionary<GraphOptimizationLevel, IReadOnlyList<OptimizedNode>> _whole = [];
    private readonly OptimizedGraph _optimized = new(model.Graph);
    private readonly FusionAudit _audit = new(model.Graph, model.Constants);

    public List<Failure> Failures { get; } = [];

    /// <summary>By output: how far rounding at cuts alone moved the whole model, at most. Only where a value of 16 bits was cut.</summary>
    public Dictionary<string, OutputDifference> Rounding { get; } = new(StringComparer.Ordinal);

    /// <summary>Outputs of which some elements do not count, as the whole model does not settle them.</summary>
    public SortedSet<string> Unsettled { get; } = new(ReferenceCase.UnsettledOf(cases), StringComparer.Ordinal);

    /// <summary>Checks a partition; what differs is added to <see cref="Failures"/>.</summary>
    /// <param name="kind">What it is called in the report.</param>
    /// <param name="seed">Of which it was made.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="audit">Whether to look for lost fusions.</param>
    public PartitionReport Run(string kind, ulong seed, Partition partition, bool audit)
    {
        List<SegmentRequest> requests = Requests(partition);
        using TemporaryFolder dump = new();
        IReadOnlyList<ReferenceCase> expected = Expected(partition);
        Dictionary<string, OutputDifference> optimised = Compare(kind, seed, requests, expected, true, audit ? dump.Path : null);
        Dictionary<string, OutputDifference> unoptimised = Compare(kind, seed, requests, expected, false, null);
        IReadOnlyList<LostFusion>? lost = audit ? Audit(partition, requests, dump.Path) : null;
        return new PartitionReport(kind, seed, partition.Segments.Count, partition.CutValues().Count(), optimised, unoptimised, lost);
    }

    /// <summary>Checks the plan of one segment that is the whole model, against the file.</summary>
    public PartitionReport RunWhole()
    {
        List<SegmentRequest> requests = [PartitionBuilder.WholeRequest(model.Graph, Whole)];
        return new PartitionReport(WholeKind, 0, 1, 0, Compare(WholeKind, 0, requests, cases, true, null), JudgeSliced(), null);
    }

    // With nothing optimised it has run already, to be what partitions are compared with. The file may list weights among its inputs; here they are constants, which kernels may pack and add in
    // another order, and an index of the largest be another one: that is no failure.
    private Dictionary<string, OutputDifference> JudgeSliced()
    {
        Dictionary<string, OutputDifference> largest = new(StringComparer.Ordinal);
        OnnxGraph graph = model.Graph.Model.Graph;
        bool listsWeights = graph.CallerInputs().Count < graph.Inputs.Count;
        foreach (ReferenceCase reference in cases)
        {
            foreach ((string output, OutputDifference difference) in reference.SlicedDifference.Where(d => !reference.Unstable.Contains(d.Key)))
            {
                largest[output] = largest.GetValueOrDefault(output, OutputDifference.None).Or(difference);
                OutputDifference own = reference.Own.GetValueOrDefault(output)?.Difference ?? OutputDifference.None;
                if (!listsWeights && !Tolerance.Allows(model, reference.Unoptimised[output].Type, difference, own))
                    Failures.Add(new Failure(WholeKind, 0, null, output, reference.Inputs.Name, false, Text(difference)));
            }
        }
        return largest;
    }

    /// <summary>Segments as the slicer wants them, numbered from 1.</summary>
    public List<SegmentRequest> Requests(Partition partition) => [.. partition.Segments.Select((segment, i) =>
        PartitionBuilder.Request(model.Graph, segment, string.Create(CultureInfo.InvariantCulture, $"segment {i + 1} of {partition.Segments.Count}")))];

    /// <summary>What fusions the partition's cuts prevent, at both levels.</summary>
    public IReadOnlyList<LostFusion> Audit(Partition partition)
    {
        List<SegmentRequest> requests = Requests(partition);
        using TemporaryFolder dump = new();
        SessionChain.Of(model, requests, new SessionRequest(GraphOptimizationLevel.ORT_ENABLE_ALL, threads, dump.Path)).Dispose();
        return Audit(partition, requests, dump.Path);
    }

    /// <summary>Compares what a chain gives with the whole model, and reports what is beyond the limit.</summary>
    public Dictionary<string, OutputDifference> Compare(string kind, ulong seed, SessionChain chain, IReadOnlyList<SegmentRequest> requests, bool optimised) =>
        Compare(kind, seed, chain, requests, cases, optimised);

    private Dictionary<string, OutputDifference> Compare(
        string kind, ulong seed, SessionChain chain, IReadOnlyList<SegmentRequest> requests, IReadOnlyList<ReferenceCase> expectations, bool optimised)
    {
        Dictionary<string, OutputDifference> largest = new(StringComparer.Ordinal);
        foreach (ReferenceCase reference in expectations)
        {
            Dictionary<string, TensorCopy> actual;
            try
            {
                actual = chain.Run(reference.Inputs.Values, model.Graph.Outputs);
            }
            catch (SegmentException e)
            {
                Failures.Add(new Failure(kind, seed, e.Segment, null, reference.Inputs.Name, optimised, e.Message));
                continue;
            }
            foreach ((string output, TensorCopy expected) in optimised ? reference.Optimised : reference.Unoptimised)
            {
                if (reference.Unstable.Contains(output))
                    continue;
                OutputDifference difference = !IsExact(optimised) ? reference.Between(output, expected, actual.GetValueOrDefault(output))
                    : actual.TryGetValue(output, out TensorCopy? value) ? OutputDifference.Between(expected, value)
                    : OutputDifference.Missing;
                largest[output] = largest.TryGetValue(output, out OutputDifference? before) ? before.Or(difference) : difference;
                if (!IsAllowed(reference, output, expected, difference, optimised))
                    Failures.Add(new Failure(kind, seed, Culprit(chain, requests, reference, optimised), output, reference.Inputs.Name, optimised, Text(difference)));
            }
        }
        return largest;
    }

    private Dictionary<string, OutputDifference> Compare(
        string kind, ulong seed, List<SegmentRequest> requests, IReadOnlyList<ReferenceCase> expected, bool optimised, string? dumpFolder)
    {
        try
        {
            using SessionChain chain = SessionChain.Of(model, requests, How(optimised, dumpFolder));
            return Compare(kind, seed, chain, requests, expected, optimised);
        }
        catch (Exception e) when (e is SegmentException or ModelException)
        {
            string what = e is ModelException problem ? problem.Problem.Rule.Id + ": " + problem.Problem.Message(Path.GetFileName(model.Path)) : e.Message;
            Failures.Add(new Failure(kind, seed, (e as SegmentException)?.Segment, null, "", optimised, what));
            return [];
        }
    }

    private bool IsAllowed(ReferenceCase reference, string output, TensorCopy expected, OutputDifference difference, bool optimised) => IsExact(optimised)
        ? difference.SameBits
        : Tolerance.Allows(model, expected.Type, difference, reference.Own[output].Difference);

    private bool IsExact(bool optimised) => !optimised && !model.IsTakenApart;

    // What the whole model gives; where values of 16 bits are cut, rounded there.
    private IReadOnlyList<ReferenceCase> Expected(Partition partition)
    {
        if (!partition.CutValues().Any(c => ModelUnderTest.IsShortFloat(model.Graph.Facts.Of(c.Value).Element)))
            return cases;
        ReferenceCase[] rounded = RoundedWhole.Of(model, partition, threads, cases);
        Unsettled.UnionWith(ReferenceCase.UnsettledOf(rounded));
        for (int i = 0; i < rounded.Length; i++)
        {
            foreach ((string output, TensorCopy value) in rounded[i].Optimised)
                Rounding[output] = Rounding.GetValueOrDefault(output, OutputDifference.None).Or(OutputDifference.Between(cases[i].Optimised[output], value));
        }
        return rounded;
    }

    // The first segment of which a value differs from the same value inside the whole model; null of one alone.
    private string? Culprit(SessionChain split, IReadOnlyList<SegmentRequest> requests, ReferenceCase reference, bool optimised)
    {
        if (requests.Count == 1)
            return null;
        string[] values = [.. requests.SelectMany(r => r.Writes).Distinct(StringComparer.Ordinal)];
        SegmentRequest whole = PartitionBuilder.WholeRequest(model.Graph, Whole);
        whole = whole with
        {
            Writes = [.. whole.Writes.Union(values, StringComparer.Ordinal)],
            Types = requests.SelectMany(r => r.Types!).DistinctBy(t => t.Key).ToDictionary(t => t.Key, t => t.Value),
        };
        try
        {
            using SessionChain one = SessionChain.Of(model, [whole], How(optimised, null));
            Dictionary<string, TensorCopy> expected = one.Run(reference.Inputs.Values, values), actual = split.Run(reference.Inputs.Values, values);
            return requests.FirstOrDefault(r => r.Writes.Any(w => expected.TryGetValue(w, out TensorCopy? e) && actual.TryGetValue(w, out TensorCopy? a)
                && (optimised && Tolerance.IsFloat(e.Type) ? OutputDifference.Between(e, a).OfRange > Tolerance.Floats : !e.SameBits(a))))?.Name;
        }
        catch (SegmentException)
        {
            // With every value as an output the model may not run; the difference is reported without a place.
            return null;
        }
    }

    private List<LostFusion> Audit(Partition partition, List<SegmentRequest> requests, string allFolder)
    {
        using TemporaryFolder extended = new();
        SessionChain.Of(model, requests, new SessionRequest(GraphOptimizationLevel.ORT_ENABLE_EXTENDED, threads, extended.Path)).Dispose();
        return
        [
            .. Lost("EXTENDED", GraphOptimizationLevel.ORT_ENABLE_EXTENDED, extended.Path),
            .. Lost("ALL", GraphOptimizationLevel.ORT_ENABLE_ALL, allFolder),
        ];

        IEnumerable<LostFusion> Lost(string name, GraphOptimizationLevel level, string folder) => _audit.Compare(
            name, partition, OptimisedWhole(level), [.. requests.SelectMany((_, i) => _optimized.Read(DumpPath(folder, i), level))]);
    }

    private IReadOnlyList<OptimizedNode> OptimisedWhole(GraphOptimizationLevel level)
    {
        if (!_whole.TryGetValue(level, out IReadOnlyList<OptimizedNode>? nodes))
        {
            using TemporaryFolder folder = new();
            SessionChain.Of(model, [PartitionBuilder.WholeRequest(model.Graph, Whole)], new SessionRequest(level, threads, folder.Path)).Dispose();
            _whole.Add(level, nodes = _optimized.Read(DumpPath(folder.Path, 0), level));
        }
        return nodes;
    }

    private SessionRequest How(bool optimised, string? dumpFolder) =>
        new(optimised ? GraphOptimizationLevel.ORT_ENABLE_ALL : GraphOptimizationLevel.ORT_DISABLE_ALL, threads, dumpFolder);

    private static string DumpPath(string folder, int number) => Path.Combine(folder, number.ToString(CultureInfo.InvariantCulture) + ".onnx");

    private static string Text(OutputDifference difference) => difference.Other
        ?? string.Create(CultureInfo.InvariantCulture, $"differs by {difference.Apart()}, {difference.Ulps:g3} ulp");
}
