using System.Collections.Generic;

namespace Cleave.Core.Passes.Fusion;

/// <summary>Pairs of small operators: FuseReluClip, DivMulFusion, NotWhereFusion, CastChainElimination (BASIC).</summary>
internal static class ElementwiseFusions
{
    public static IReadOnlyList<ChainRule> Rules { get; } =
    [
        new ChainRule("Relu", "Clip", "Clip", static (_, _, _, input) => input == 0),
        new ChainRule("Div", "Mul", "Div", static (view, from, reader, _) =>
            view.Inputs[from].Length == 2 && view.IsConstant(view.Inputs[from][0]) && !view.IsConstant(view.Inputs[from][1])
            && view.Facts(view.Inputs[from][0]).Count() is not { Value: not 1 } && view.Inputs[reader][0] != view.Inputs[reader][1]),
        new ChainRule("Not", "Where", "Where", static (_, _, _, input) => input == 0),
        new ChainRule("Cast", "Cast", "Cast"),
    ];
}
