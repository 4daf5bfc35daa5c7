using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Shapes.Batch;
using Cleave.Tool.Running;

namespace Cleave.Tool.Verification;

/// <summary>Samples together against one by one, where a model has a batch axis.</summary>
/// <param name="Dimension">The batch's dimension; null where none is proven.</param>
/// <param name="Reason">Why none is.</param>
/// <param name="Samples">How many ran together.</param>
/// <param name="Outputs">By output the largest difference.</param>
internal sealed record BatchReport(string? Dimension, string Reason, int Samples, IReadOnlyDictionary<string, OutputDifference> Outputs);

/// <summary>Runs a batch together and one by one.</summary>
internal static class BatchCheck
{
    private const int Samples = 3;

    // Other sizes may get other kernels, which add in another order: what is rounded to few bits then moves by some steps.
    private const double Floats = 1e-5;
    private const double ShortFloats = 5e-3;
    private const double Quantised = 0.03;

    /// <param name="model">The model.</param>
    /// <param name="run">Runs the whole model.</param>
    /// <param name="maker">Makes the inputs.</param>
    /// <param name="sample">Sizes that the model takes; the batch's is replaced.</param>
    /// <param name="seed">Of the inputs.</param>
    /// <param name="failures">Gets what differs.</param>
    /// <param name="notes">Gets what differs, but not by the other samples.</param>
    public static BatchReport Run(
        ModelUnderTest model, Func<Dictionary<string, TensorCopy>, Dictionary<string, TensorCopy>> run, InputMaker maker, DimensionSample? sample, ulong seed,
        List<Failure> failures, List<string> notes)
    {
        BatchProof proof = BatchAxis.Find(model.Graph.Facts, model.Graph.Outputs);
        Dictionary<string, OutputDifference> differences = new(StringComparer.Ordinal);
        if (!proof.Holds)
            return new BatchReport(null, proof.Reason, 0, differences);
        if (sample is null)
            return new BatchReport(proof.Dimension, "there are only given inputs", 0, differences);
        Dictionary<string, long> sizes = new(sample.Sizes, StringComparer.Ordinal) { [proof.Dimension!] = Samples };
        InputCase batch = maker.Make(new DimensionSample(sizes), seed);
        try
        {
            Dictionary<string, TensorCopy> together = run(new(batch.Values, StringComparer.Ordinal));
            for (int i = 0; i < Samples; i++)
                Compare(together, run(batch.Values.ToDictionary(v => v.Key, v => Slice(v.Value, proof.InputAxes[v.Key], i))), i);
        }
        catch (SegmentException e)
        {
            failures.Add(new Failure("batch", seed, null, null, batch.Name, true, e.Message));
        }
        return new BatchReport(proof.Dimension, "", Samples, differences);

        Dictionary<string, TensorCopy> Copies(int number) => run(batch.Values.ToDictionary(v => v.Key, v => Repeat(v.Value, proof.InputAxes[v.Key], number)));

        void Compare(Dictionary<string, TensorCopy> together, Dictionary<string, TensorCopy> alone, int number)
        {
            foreach ((string output, int axis) in proof.OutputAxes)
            {
                TensorCopy part = Slice(together[output], axis, number);
                OutputDifference difference = OutputDifference.Between(alone[output], part, OutputDifference.RangeOf(together[output]));
                differences[output] = differences.GetValueOrDefault(output, OutputDifference.None).Or(difference);
                if (Allows(model, part.Type, difference))
                    continue;
                if (difference.Other is null && !Tolerance.IsFloat(part.Type) && IsOfEach(part, Copies(number)[output], axis))
                    notes.Add(FormattableString.Invariant($"Sample {number + 1} of {Samples} alone gives another output '{output}' than the batch, but the same beside any samples and at every place: it depends on how many run together only, as where two scores are nearly equal and kernels for other sizes add in another order."));
                else
                    failures.Add(new Failure("batch", seed, null, output, batch.Name, true, FormattableString.Invariant($"sample {number + 1} of {Samples} alone differs from the batch by {difference.Apart()}")));
            }
        }
    }

    // An 8- or 16-bit integer of a quantised model is a float on a scale, or a label: that cannot be told apart here.
    private static bool Allows(ModelUnderTest model, ElementType type, OutputDifference difference)
    {
        if (difference.Other != null)
            return false;
        if (Tolerance.IsFloat(type))
            return difference.Absolute <= Tolerance.Step || difference.OfRange <= (model.IsQuantised ? Quantised : model.HasShortFloats ? ShortFloats : Floats);
        return difference.Absolute == 0 || (model.IsQuantised && Tolerance.IsShortInteger(type) && (difference.Absolute <= 1 || difference.OfRange <= Quantised));
    }

    // Whether a sample's part is found at every place of a batch of its copies. Sizes, and so kernels, are the same there, only the other
    // samples are not: what is equal was not mixed with them.
    private static bool IsOfEach(TensorCopy part, TensorCopy copies, int axis) =>
        Enumerable.Range(0, (int)copies.Shape[axis]).All(i => Slice(copies, axis, i).SameBits(part));

    // A tensor that has what is at one place along an axis at all.
    private static TensorCopy Repeat(TensorCopy tensor, int axis, int index)
    {
        int outer = (int)tensor.Shape.Take(axis).Aggregate(1L, (a, b) => a * b), size = (int)tensor.Shape[axis];
        TensorCopy one = Slice(tensor, axis, index);
        if (one.Strings is { } texts)
        {
            int step = texts.Length / Math.Max(1, outer);
            return tensor with { Strings = [.. Enumerable.Range(0, outer * size).SelectMany(i => texts.Skip(i / size * step).Take(step))] };
        }
        int inner = one.Bytes.Length / Math.Max(1, outer);
        byte[] bytes = new byte[outer * size * inner];
        for (int i = 0; i < outer * size; i++)
            Buffer.BlockCopy(one.Bytes, i / size * inner, bytes, i * inner, inner);
        return tensor with { Bytes = bytes };
    }

    // One place along an axis, which stays, of size 1.
    private static TensorCopy Slice(TensorCopy tensor, int axis, int index)
    {
        long[] shape = (long[])tensor.Shape.Clone();
        shape[axis] = 1;
        int outer = (int)tensor.Shape.Take(axis).Aggregate(1L, (a, b) => a * b), size = (int)tensor.Shape[axis];
        if (tensor.Strings is { } texts)
        {
            int step = texts.Length / Math.Max(1, outer * size);
            return tensor with { Shape = shape, Strings = [.. Enumerable.Range(0, outer).SelectMany(o => texts.Skip(((o * size) + index) * step).Take(step))] };
        }
        int inner = tensor.Bytes.Length / Math.Max(1, outer * size);
        byte[] bytes = new byte[outer * inner];
        for (int o = 0; o < outer; o++)
            Buffer.BlockCopy(tensor.Bytes, ((o * size) + index) * inner, bytes, o * inner, inner);
        return tensor with { Shape = shape, Bytes = bytes };
    }
}
