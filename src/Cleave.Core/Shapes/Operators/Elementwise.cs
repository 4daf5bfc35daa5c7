using System.Collections.Generic;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Operators that give each element of the output from the elements at the same place.</summary>
internal static class Elementwise
{
    private static readonly string[] Same =
    [
        "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Celu", "Cos", "Cosh", "Elu", "Erf", "Exp",
        "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Log", "Mish", "Reciprocal", "Relu", "Selu",
        "Shrink", "Sigmoid", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu",
    ];

    public static IEnumerable<OperatorRule> Rules
    {
        get
        {
            foreach (string opType in Same)
                yield return new OperatorRule("", opType, Coverage.Exact, SameAsFirst);
        }
    }

    private static void SameAsFirst(NodeContext node)
    {
        ValueFacts input = node.Input(0);
        if (input.Kind == ValueKind.Tensor)
            node.Set(0, input.Element, input.Shape);
    }
}
