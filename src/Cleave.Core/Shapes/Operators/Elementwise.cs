using System.Collections.Generic;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Operators that give each element of the output from the elements at the same place.</summary>
internal static class Elementwise
{
    private static readonly string[] Same =
    [
        "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Celu", "Clip", "Cos", "Cosh", "Elu", "Erf", "Exp", "Floor",
        "Gelu", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Log", "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu",
        "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Tan", "Tanh", "ThresholdedRelu",
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
