using System;
using System.Linq;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.TestKit.Synthetic;

namespace Cleave.TestKit.Ensembles;

/// <summary>
/// Small classifiers that are really trained: three spirals, whose points lie scattered, told apart by hidden units drawn at random and a least-squares layer. Each has seen
/// its own sample of the points and has its own units, so each errs elsewhere. Seeded: two builds give the same models.
/// </summary>
internal static class SpiralClassifiers
{
    private const int Classes = 3;
    private const int Hidden = 16;
    private const int Trained = 120;
    private const double Scatter = 0.5;
    private const double Turn = 4;
    private const double Ridge = 0.01;

    // How sure the scores are.
    private const float Sharpness = 3;

    /// <summary>Points of the plane, two numbers each, and the spiral that each is of.</summary>
    public static (float[] Points, int[] Labels) Draw(ulong seed, int count)
    {
        SeededRandom random = new(seed);
        float[] points = new float[2 * count];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++)
        {
            labels[i] = random.Below(Classes);
            double along = random.Fraction();
            double angle = (labels[i] * 2 * Math.PI / Classes) + (along * Turn) + (Scatter * Normal(random));
            points[2 * i] = (float)(along * Math.Cos(angle));
            points[(2 * i) + 1] = (float)(along * Math.Sin(angle));
        }
        return (points, labels);
    }

    /// <summary>A trained member: <c>scores[batch, 3]</c> of <c>points[batch, 2]</c>.</summary>
    public static ModelProto Member(ulong seed)
    {
        SeededRandom random = new(seed);
        (float[] points, int[] labels) = Draw(1, Trained);
        float[] weights = [.. Enumerable.Range(0, 2 * Hidden).Select(_ => (float)(4 * Normal(random)))];
        float[] biases = [.. Enumerable.Range(0, Hidden).Select(_ => (float)(2 * Normal(random)))];
        double[,] normal = new double[Hidden, Hidden + Classes];
        for (int i = 0; i < Hidden; i++)
            normal[i, i] = Ridge;
        for (int n = 0; n < Trained; n++)
        {
            int point = random.Below(Trained);
            double[] units = Units(points[2 * point], points[(2 * point) + 1], weights, biases);
            for (int i = 0; i < Hidden; i++)
            {
                for (int j = 0; j < Hidden; j++)
                    normal[i, j] += units[i] * units[j];
                normal[i, Hidden + labels[point]] += units[i];
            }
        }
        return Model(weights, biases, Solve(normal));
    }

    /// <summary>How many of the largest scores are at the right place.</summary>
    public static double Accuracy(ReadOnlySpan<float> scores, int[] labels)
    {
        int right = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<float> row = scores.Slice(i * Classes, Classes);
            int best = 0;
            for (int c = 1; c < Classes; c++)
            {
                if (row[c] > row[best])
                    best = c;
            }
            right += best == labels[i] ? 1 : 0;
        }
        return (double)right / labels.Length;
    }

    private static ModelProto Model(float[] weights, float[] biases, float[] layer)
    {
        ModelBuilder g = new("spirals");
        string x = g.Input("points", "batch", 2);
        string hidden = g.Node("Tanh", [g.Node("Add", [g.Node("MatMul", [x, g.Initializer("units", Tensors.Floats(g.Floats, [2, Hidden], weights))]), g.Initializer("biases", Tensors.Floats(g.Floats, [Hidden], biases))])]);
        string scores = g.Node("MatMul", [hidden, g.Initializer("layer", Tensors.Floats(g.Floats, [Hidden, Classes], layer))]);
        g.Output("scores", g.Node("Softmax", [scores], Attributes.Int("axis", 1)), "batch", Classes);
        return g.ToModel();
    }

    private static double[] Units(double x, double y, float[] weights, float[] biases) =>
        [.. Enumerable.Range(0, Hidden).Select(i => Math.Tanh((x * weights[i]) + (y * weights[Hidden + i]) + biases[i]))];

    // Gauss, with pivots; symmetric and positive, so there is one.
    private static float[] Solve(double[,] system)
    {
        for (int k = 0; k < Hidden; k++)
        {
            int pivot = Enumerable.Range(k, Hidden - k).MaxBy(r => Math.Abs(system[r, k]));
            for (int c = 0; c < Hidden + Classes; c++)
                (system[k, c], system[pivot, c]) = (system[pivot, c], system[k, c]);
            for (int r = 0; r < Hidden; r++)
            {
                double factor = r == k ? 0 : system[r, k] / system[k, k];
                for (int c = k; c < Hidden + Classes && factor != 0; c++)
                    system[r, c] -= factor * system[k, c];
            }
        }
        return [.. Enumerable.Range(0, Hidden * Classes).Select(i => (float)(Sharpness * system[i / Classes, Hidden + (i % Classes)] / system[i / Classes, i / Classes]))];
    }

    // Of twelve equal ones: near enough, and the same on every machine.
    private static double Normal(SeededRandom random) => Enumerable.Range(0, 12).Sum(_ => random.Fraction()) - 6;
}
