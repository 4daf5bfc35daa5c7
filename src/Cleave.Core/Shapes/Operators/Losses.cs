using System.Collections.Generic;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Losses of a training.</summary>
internal static class Losses
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "NegativeLogLikelihoodLoss", Coverage.Exact, Loss),
        new("", "SoftmaxCrossEntropyLoss", Coverage.Exact, SoftmaxCrossEntropy),
    ];

    private static void Loss(NodeContext node) => node.Set(0, node.Element(0), node.Text("reduction", "mean") == "none" ? node.Shape(1) : []);

    private static void SoftmaxCrossEntropy(NodeContext node)
    {
        Loss(node);
        node.Set(1, node.Element(0), node.Shape(0));
    }
}
