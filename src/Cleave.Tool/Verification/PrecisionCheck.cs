using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Onnx.Widening;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
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
    /// <exception cref="RefusedException">The file is too large to be held in memory.</exception>
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
    /// <exception cref="RefusedException">The file is too large to be held in memory.</exception>
    public PrecisionReport Run(ModelUnderTest widened, List<Failure> failures) => Run([() => SessionChain.OfFile(widened, How)], failures);

    private SessionRequest How => new(GraphOptimizationLevel.ORT_ENABLE_ALL, threads);

    private PrecisionReport Run(IEnumerable<Func<SessionChain>> chains, List<Failure> failures)
    {
        ModelProto exact = model.Read();
        if (WidenedHalves.WhyNot(exact) is { } why)
            return new PrecisionReport(why, []);
        Dictionary<string, OutputDifference> published = new(StringComparer.Ordinal), widened = new(StringComparer.Ordinal);
        Dictionary<string, string> further = new(StringComparer.Ordinal);
        try
        {
            Dictionary<string, TensorCopy>[] expected = Exact(exact);
            for (int i = 0; i < cases.Count; i++)
                Add(published, expected[i], cases[i].Optimised, cases[i]);
            foreach (Func<SessionChain> open in chains)
            {
                using SessionChain chain = open();
                for (int i = 0; i < cases.Count; i++)
                {
                    Dictionary<string, TensorCopy> given = chain.Run(cases[i].Inputs.Values, model.Graph.Outputs);
                    Add(widened, expected[i], given, cases[i]);
                    Judge(further, expected[i], given, cases[i]);
                }
            }
        }
        catch (SegmentException e)
        {
            failures.Add(new Failure(Kind, 0, e.Segment, null, "", true, e.Message));
        }
        foreach ((string output, string what) in further.OrderBy(static f => f.Key, StringComparer.Ordinal))
            failures.Add(new Failure(Kind, 0, null, output, "", true, what));
        return new PrecisionReport(null, [.. published.OrderBy(static p => p.Key, StringComparer.Ordinal).Where(p => widened.ContainsKey(p.Key)).Select(p => new OutputPrecision(p.Key, p.Value, widened[p.Key]))]);
    }

    // Case by case: one on which the file is infinite says nothing of the others.
    private static void Judge(Dictionary<string, string> further, Dictionary<string, TensorCopy> expected, Dictionary<string, TensorCopy> actual, ReferenceCase reference)
    {
        foreach ((string output, TensorCopy exact) in expected.Where(e => !reference.Unstable.Contains(e.Key) && !further.ContainsKey(e.Key)))
        {
            TensorCopy file = Widen(reference.Optimised[output]);
            OutputDifference published = OutputDifference.Between(exact, Judged(exact, file, null));
            OutputDifference difference = actual.TryGetValue(output, out TensorCopy? value) ? OutputDifference.Between(exact, Judged(exact, Widen(value), file)) : OutputDifference.Missing;
            if (difference.Other != null || difference.OfRange > Math.Max(published.OfRange, Tolerance.IsFloat(exact.Type) ? Tolerance.ShortFloats : 0))
                further.Add(output, $"is {difference.Other ?? "apart from 32 bits by " + difference.Apart()}, the file by {published.Apart()} ({reference.Inputs.Name})");
        }
    }

    // Where the file is not finite it sets no limit, and where both are not nothing can be told: these elements count as right.
    private static TensorCopy Judged(TensorCopy exact, TensorCopy actual, TensorCopy? file)
    {
        if (exact.Type != ElementType.Float || actual.Type != ElementType.Float || !exact.Shape.SequenceEqual(actual.Shape) || (file != null && file.Bytes.Length != exact.Bytes.Length))
            return actual;
        byte[] bytes = [.. actual.Bytes];
        ReadOnlySpan<float> right = MemoryMarshal.Cast<byte, float>(exact.Bytes), other = MemoryMarshal.Cast<byte, float>((file ?? actual).Bytes);
        Span<float> judged = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
        for (int i = 0; i < judged.Length; i++)
        {
            if (!float.IsFinite(other[i]) && !float.IsFinite(judged[i]))
                judged[i] = right[i];
        }
        return actual with { Bytes = bytes };
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
