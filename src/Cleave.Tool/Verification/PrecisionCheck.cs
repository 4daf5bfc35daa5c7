using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Widening;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Verification;

/// <summary>
/// Compares a model of 16-bit floats as published, and as runners widen it, with the arithmetic of 32 bits on the same weights: runners must not be further from it than the file.
/// </summary>
internal sealed class PrecisionCheck(ModelUnderTest model, int threads, IReadOnlyList<ReferenceCase> cases)
{
    /// <summary>Of failures.</summary>
    public const string Kind = "widened";

    /// <summary>Null where the model has no such floats.</summary>
    /// <param name="plans">The plans that split it.</param>
    /// <param name="failures">Gets what is further away than the file.</param>
    /// <exception cref="VerifyException">The file is too large to be held in memory.</exception>
    public PrecisionReport? Run(IEnumerable<IReadOnlyList<SegmentRequest>> plans, List<Failure> failures)
    {
        if (HalfFloats.Of(model.Graph.Model) is not { } halves)
            return null;
        IReadOnlyList<SegmentRequest> whole = [PartitionBuilder.WholeRequest(model.Graph, "Whole")];
        return Run(plans.Prepend(whole).Select(requests => (Func<SessionChain>)(() => SessionChain.Of(model, requests, How, halves))), failures);
    }

    /// <summary>The same for a file that the model was widened to, in place of runners.</summary>
    /// <param name="widened">The file.</param>
    /// <param name="failures">Gets what is further away than the published file.</param>
    /// <exception cref="VerifyException">The file is too large to be held in memory.</exception>
    public void Run(ModelUnderTest widened, List<Failure> failures) => Run([() => SessionChain.OfFile(widened, How)], failures);

    private SessionRequest How => new(GraphOptimizationLevel.ORT_ENABLE_ALL, threads);

    private PrecisionReport Run(IEnumerable<Func<SessionChain>> chains, List<Failure> failures)
    {
        ModelProto exact = model.Read();
        if (WidenedHalves.WhyNot(exact) is { } why)
            return new PrecisionReport(why, []);
        Dictionary<string, OutputDifference> published = new(StringComparer.Ordinal), widened = new(StringComparer.Ordinal);
        try
        {
            Dictionary<string, TensorCopy>[] expected = Exact(exact);
            for (int i = 0; i < cases.Count; i++)
                Add(published, expected[i], cases[i].Optimised, cases[i]);
            foreach (Func<SessionChain> open in chains)
            {
                using SessionChain chain = open();
                for (int i = 0; i < cases.Count; i++)
                    Add(widened, expected[i], chain.Run(cases[i].Inputs.Values, model.Graph.Outputs), cases[i]);
            }
        }
        catch (SegmentException e)
        {
            failures.Add(new Failure(Kind, 0, e.Segment, null, "", true, e.Message));
        }
        foreach ((string output, OutputDifference difference) in widened.OrderBy(static w => w.Key, StringComparer.Ordinal))
        {
            if (difference.Other != null || difference.OfRange > Math.Max(published[output].OfRange, Tolerance.ShortFloats))
                failures.Add(new Failure(Kind, 0, null, output, "", true, $"is {difference.Other ?? "apart from 32 bits by " + difference.Apart()}, the file by {published[output].Apart()}"));
        }
        return new PrecisionReport(null, [.. published.OrderBy(static p => p.Key, StringComparer.Ordinal).Where(p => widened.ContainsKey(p.Key)).Select(p => new OutputPrecision(p.Key, p.Value, widened[p.Key]))]);
    }

    private Dictionary<string, TensorCopy>[] Exact(ModelProto file)
    {
        HashSet<string> outputs = [.. file.Graph.Output.Select(static o => o.Name)];
        // ONNX Runtime finds the types itself.
        file.Graph.Output.Add(model.Graph.Outputs.Where(o => !outputs.Contains(o)).Select(static o => new ValueInfoProto { Name = o }));
        WidenedHalves.MakeExact(file);
        using SessionChain chain = SessionChain.OfBytes(model, file.ToByteArray(), How);
        return [.. cases.Select(c => chain.Run(c.Inputs.Values.ToDictionary(static v => v.Key, static v => Widen(v.Value)), model.Graph.Outputs))];
    }

    private static void Add(Dictionary<string, OutputDifference> largest, Dictionary<string, TensorCopy> expected, IReadOnlyDictionary<string, TensorCopy> actual, ReferenceCase reference)
    {
        foreach ((string output, TensorCopy value) in expected.Where(e => !reference.Unstable.Contains(e.Key)))
        {
            OutputDifference difference = actual.TryGetValue(output, out TensorCopy? other) ? OutputDifference.Between(value, Widen(other)) : OutputDifference.Missing;
            largest[output] = largest.GetValueOrDefault(output, OutputDifference.None).Or(difference);
        }
    }

    private static TensorCopy Widen(TensorCopy tensor) => tensor.Type != ElementType.Float16 ? tensor : new TensorCopy(ElementType.Float, tensor.Shape,
        MemoryMarshal.AsBytes(MemoryMarshal.Cast<byte, Half>(tensor.Bytes).ToArray().Select(static h => (float)h).ToArray().AsSpan()).ToArray());
}
