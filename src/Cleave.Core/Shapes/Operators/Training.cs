using System.Collections.Generic;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Optimisers of a training: each tensor comes back changed.</summary>
internal static class Training
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new(Domains.Training, "Adagrad", Coverage.Exact, n => Step(n, 3, 0, 2)),
        new(Domains.Training, "Adam", Coverage.Exact, n => Step(n, 4, 0, 2, 3)),
        new(Domains.Training, "Momentum", Coverage.Exact, n => Step(n, 3, 0, 2)),
        new(Domains.Training, "Gradient", Coverage.Exact, Gradient),
    ];

    // Rate and step number, then groups of equally many tensors, of which some come back.
    private static void Step(NodeContext node, int groups, params int[] returned)
    {
        int each = (node.InputCount - 2) / groups;
        if (each <= 0 || node.InputCount != 2 + (each * groups))
            return;
        for (int i = 0; i < each * returned.Length; i++)
        {
            int input = 2 + (returned[i / each] * each) + (i % each);
            node.Set(i, node.Element(input), node.Shape(input));
        }
    }

    private static void Gradient(NodeContext node)
    {
        for (int i = 0; i < node.OutputCount; i++)
            node.Set(i, node.Element(i), node.Shape(i));
    }
}
