using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using Cleave.Core.Graph;
using Cleave.Elements;
using Cleave.Ensembles.Combining;
using Cleave.Generated;
using Xunit;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>The rules, whatever member answers first.</summary>
public sealed class CombinerTests
{
    private const int Members = 6;

    private static readonly int[][] Orders = [.. Permutations([0, 1, 2, 3, 4, 5])];

    private static readonly double[] Weights = [0.1, 2, 1, 0.7, 3, 0.30000000000000004];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 3)];

    [Fact]
    public void There_are_720_orders_of_six() => Assert.Equal(720, Orders.Select(o => string.Join(",", o)).Distinct().Count());

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_mean_is_within_one_unit_of_the_exact_one_in_every_order(int seed)
    {
        float[][] outputs = Outputs(seed, 33);
        Rational[] exact = [.. Enumerable.Range(0, 33).Select(i => Sum(outputs, i, null) / Rational.Of(Members))];
        HashSet<(int, int)> near = [];
        foreach (int[] order in Orders)
            Near(exact, near, Combine<float, float>(CombinationRule.Mean, [], outputs, order, [11, 3]));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_weighted_mean_is_within_one_unit_of_the_exact_one_in_every_order(int seed)
    {
        float[][] outputs = Outputs(seed, 33);
        Rational total = Weights.Aggregate(Rational.Of(0), (sum, w) => sum + Rational.Of(w));
        Rational[] exact = [.. Enumerable.Range(0, 33).Select(i => Sum(outputs, i, Weights) / total)];
        HashSet<(int, int)> near = [];
        foreach (int[] order in Orders)
            Near(exact, near, Combine<float, float>(CombinationRule.WeightedMean, Weights, outputs, order, [33]));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Votes_the_largest_and_stacks_are_the_same_in_every_order(int seed)
    {
        float[][] outputs = Outputs(seed, 30);
        // Ties and equal scores among them.
        foreach (float[] output in outputs)
        {
            for (int i = 0; i < output.Length; i++)
                output[i] = MathF.Round(output[i]);
        }
        foreach (CombinationRule rule in new[] { CombinationRule.SoftVote, CombinationRule.MajorityVote })
        {
            long[] first = Combine<float, long>(rule, [], outputs, Orders[0], [6, 5]);
            Assert.All(Orders, order => Assert.Equal(first, Combine<float, long>(rule, [], outputs, order, [6, 5])));
        }
        float[] largest = [.. Enumerable.Range(0, 30).Select(i => outputs.Max(o => o[i]))];
        float[] stacked = [.. outputs.SelectMany(o => o)];
        Assert.All(Orders, order => Assert.Equal(largest, Combine<float, float>(CombinationRule.Max, [], outputs, order, [30])));
        Assert.All(Orders, order => Assert.Equal(stacked, Combine<float, float>(CombinationRule.Stack, [], outputs, order, [30])));
    }

    [Fact]
    public void With_as_many_votes_for_several_the_smallest_wins()
    {
        float[][] outputs = [[0, 0, 1], [0, 1, 0], [0, 0, 1], [0, 1, 0]];
        Assert.Equal([1], Combine<float, long>(CombinationRule.MajorityVote, [], outputs, [0, 1, 2, 3], [1, 3]));
        Assert.Equal([2], Combine<float, long>(CombinationRule.MajorityVote, [2, 1, 1, 1], outputs, [3, 1, 2, 0], [1, 3]));
        // 0.1 + 0.2 is not 0.3 in double, and still a tie.
        Assert.Equal([1], Combine<float, long>(CombinationRule.MajorityVote, [0.1, 0.3, 0.2, 0], outputs, [3, 1, 2, 0], [1, 3]));
        Assert.Equal([7L, -1], Combine<long, long>(CombinationRule.MajorityVote, [], [[7, 5], [7, -1], [9, 5], [1, -1]], [0, 1, 2, 3], [2]));
        Assert.Equal([false], Combine<bool, bool>(CombinationRule.MajorityVote, [], [[true], [false]], [0, 1], [1]));
    }

    [Fact]
    public void A_soft_vote_is_by_the_mean_score_not_by_the_number_of_members()
    {
        float[][] outputs = [[0.9f, 0.1f], [0.4f, 0.6f], [0.4f, 0.6f]];
        Assert.Equal([0], Combine<float, long>(CombinationRule.SoftVote, [], outputs, [0, 1, 2], [1, 2]));
        Assert.Equal([1], Combine<float, long>(CombinationRule.MajorityVote, [], outputs, [0, 1, 2], [1, 2]));
        Assert.Equal([1], Combine<float, long>(CombinationRule.SoftVote, [1, 4, 4], outputs, [0, 1, 2], [1, 2]));
    }

    [Theory]
    [InlineData(CombinationRule.MajorityVote)]
    [InlineData(CombinationRule.SoftVote)]
    public void What_is_no_number_wins_no_vote(CombinationRule rule)
    {
        const float None = float.NaN;
        float[] scores = [None, 0.9f, 0.1f, 0.1f, None, 0.9f, 0.9f, 0.1f, None, None, None, -0.1f, None, None, None];
        Assert.Equal([1, 2, 0, 2, 0], Combine<float, long>(rule, [], [scores, scores], [0, 1], [5, 3]));
    }

    [Fact]
    public void Small_weights_are_as_different_as_large_ones()
    {
        foreach (double unit in new[] { 1e-13, 1, 1e13 })
        {
            float[][] outputs = [[1, 0], [0, 1], [1, 0]];
            Assert.Equal([1], Combine<float, long>(CombinationRule.MajorityVote, [unit, 4 * unit, unit], outputs, [0, 1, 2], [1, 2]));
            // 0.1 + 0.2 and 0.3 again.
            Assert.Equal([0], Combine<float, long>(CombinationRule.MajorityVote, [0.1 * unit, 0.3 * unit, 0.2 * unit], outputs, [1, 0, 2], [1, 2]));
        }
    }

    [Fact]
    public void Other_types_have_means_too()
    {
        Assert.Equal([2.5], Combine<double, double>(CombinationRule.Mean, [], [[2], [3]], [0, 1], [1]));
        Assert.Equal([(Half)2.5f], Combine<Half, Half>(CombinationRule.Mean, [], [[(Half)2], [(Half)3]], [0, 1], [1]));
        Assert.Equal([(byte)9], Combine<byte, byte>(CombinationRule.Max, [], [[9], [3]], [0, 1], [1]));
        Assert.Equal([int.MinValue], Combine<int, int>(CombinationRule.Max, [], [[int.MinValue], [int.MinValue]], [0, 1], [1]));
        Assert.Equal(["a", "b"], Combine<string, string>(CombinationRule.Stack, [], [["a"], ["b"]], [1, 0], [1]));
        Assert.Throws<ArgumentException>(() => Combine<long, long>(CombinationRule.Mean, [], [[1], [2]], [0, 1], [1]));
    }

    [Fact]
    public void Infinities_and_no_numbers_stay_what_they_are()
    {
        Assert.Equal([float.NegativeInfinity], Combine<float, float>(CombinationRule.Max, [], [[float.NegativeInfinity], [float.NegativeInfinity]], [0, 1], [1]));
        foreach (int[] order in new int[][] { [0, 1], [1, 0] })
        {
            Assert.Equal([float.NaN], Combine<float, float>(CombinationRule.Max, [], [[float.NaN], [1]], order, [1]));
            Assert.Equal([float.NaN], Combine<float, float>(CombinationRule.Mean, [], [[float.NaN], [1]], order, [1]));
            Assert.Equal([float.PositiveInfinity], Combine<float, float>(CombinationRule.Mean, [], [[float.PositiveInfinity], [1]], order, [1]));
        }
    }

    [Fact]
    public void Parts_may_come_in_any_order()
    {
        EnsembleOutput output = new(Value.Tensor<float>("y", Dim.Unknown), CombinationRule.Mean, [0, 0]);
        OutputCombiner<float, float> combiner = (OutputCombiner<float, float>)OutputCombiner.Of(output, ElementType.Float, 2)!;
        combiner.Begin([4]);
        combiner.Add(1, [30f, 40f], 2);
        combiner.Add(0, [1f, 2f, 3f], 0);
        combiner.Add(1, [10f, 20f], 0);
        combiner.Add(0, [4f], 3);
        combiner.Finish();
        Assert.Equal([5.5f, 11, 16.5f, 22], ((OutputSlot<float>)combiner.Result).Span.ToArray());
    }

    [Fact]
    public void A_part_of_the_scores_of_a_sample_is_refused()
    {
        OutputCombiner<float, long> combiner = Votes(members: 2);
        combiner.Begin([4]);
        Assert.Contains("'y'", Assert.Throws<InvalidOperationException>(() => combiner.Add(0, [1f, 2f], 0)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => combiner.Add(0, [1f, 2f, 3f, 4f], 2));
    }

    [Fact]
    public void Votes_of_an_earlier_request_are_none()
    {
        OutputCombiner<float, long> combiner = Votes(members: 1);
        combiner.Begin([1, 2]);
        combiner.Add(0, [0f, 1f], 0);
        combiner.Finish();
        combiner.Begin([1, 2]);
        combiner.Finish();
        Assert.Equal([0L], ((OutputSlot<long>)combiner.Result).Span.ToArray());
    }

    private static OutputCombiner<float, long> Votes(int members) => (OutputCombiner<float, long>)OutputCombiner.Of(
        new EnsembleOutput(Value.TensorOfAnyShape<long>("y"), CombinationRule.MajorityVote, new int[members]), ElementType.Float, members)!;

    private static TOut[] Combine<TIn, TOut>(CombinationRule rule, double[] weights, TIn[][] outputs, int[] order, int[] shape)
    {
        EnsembleOutput output = new(Value.TensorOfAnyShape<TOut>("y"), rule, new int[outputs.Length], weights);
        OutputCombiner combiner = OutputCombiner.Of(output, Element.Of<TIn>().Type, outputs.Length)!;
        combiner.Begin(shape);
        foreach (int member in order)
            combiner.Add(member, new OutputSlot<TIn>(outputs[member], shape), 0);
        combiner.Finish();
        return ((OutputSlot<TOut>)combiner.Result).Span.ToArray();
    }

    // Of both signs, from tiny to large, so that additions round.
    private static float[][] Outputs(int seed, int length)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, Members).Select(_ => Enumerable.Range(0, length)
            .Select(i => (float)((random.NextDouble() - 0.3) * Math.Pow(2, random.Next(i % 12) - i % 5))).ToArray())];
    }

    private static Rational Sum(float[][] outputs, int at, double[]? weights) => outputs
        .Select((o, m) => Rational.Of(o[at]) * Rational.Of(weights?[m] ?? 1))
        .Aggregate(Rational.Of(0), (sum, x) => sum + x);

    // Exact fractions are slow, and the orders give an element few different numbers: each is judged once.
    private static void Near(Rational[] exact, HashSet<(int Element, int Bits)> near, float[] actual)
    {
        Assert.Equal(exact.Length, actual.Length);
        for (int i = 0; i < exact.Length; i++)
        {
            if (!near.Add((i, BitConverter.SingleToInt32Bits(actual[i]))))
                continue;
            Rational unit = Rational.Of(MathF.Abs(MathF.BitIncrement(MathF.Abs(actual[i])) - MathF.Abs(actual[i])));
            Assert.True((Rational.Of(actual[i]) - exact[i]).Abs() <= unit, $"element {i}: {actual[i]:R}");
        }
    }

    private static IEnumerable<int[]> Permutations(int[] items)
    {
        if (items.Length == 1)
            return [items];
        return items.SelectMany(first => Permutations([.. items.Where(i => i != first)]).Select(rest => (int[])[first, .. rest]));
    }

    /// <summary>An exact fraction.</summary>
    private readonly record struct Rational(BigInteger Top, BigInteger Bottom)
    {
        public static Rational Of(double value)
        {
            // Every double is a whole number of these.
            const int scale = 1074;
            (long mantissa, int exponent) = Parts(value);
            return new(mantissa * BigInteger.Pow(2, exponent + scale), BigInteger.Pow(2, scale));
        }

        public Rational Abs() => new(BigInteger.Abs(Top), Bottom);

        public static Rational operator +(Rational a, Rational b) => new(a.Top * b.Bottom + b.Top * a.Bottom, a.Bottom * b.Bottom);

        public static Rational operator -(Rational a, Rational b) => a + new Rational(-b.Top, b.Bottom);

        public static Rational operator *(Rational a, Rational b) => new(a.Top * b.Top, a.Bottom * b.Bottom);

        public static Rational operator /(Rational a, Rational b) => new(a.Top * b.Bottom, a.Bottom * b.Top);

        public static bool operator <=(Rational a, Rational b) => a.Top * b.Bottom <= b.Top * a.Bottom;

        public static bool operator >=(Rational a, Rational b) => b <= a;

        private static (long Mantissa, int Exponent) Parts(double value)
        {
            long bits = BitConverter.DoubleToInt64Bits(value);
            int exponent = (int)((bits >> 52) & 0x7FF);
            long mantissa = bits & 0xFFFFFFFFFFFFFL;
            mantissa = exponent == 0 ? mantissa : mantissa | (1L << 52);
            return (value < 0 ? -mantissa : mantissa, Math.Max(exponent, 1) - 1075);
        }
    }
}
