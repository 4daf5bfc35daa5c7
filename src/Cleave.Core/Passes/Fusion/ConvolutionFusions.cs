using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Passes.Fusion;

/// <summary>
/// Convolutions and what they take in: ConvBNFusion, ConvMulFusion, ConvAddFusion and PadFusion (BASIC), ConvActivationFusion
/// (EXTENDED), and the additions and activations that NchwcTransformer puts into them (ALL).
/// </summary>
internal static class ConvolutionFusions
{
    private const string Conv = "Conv";
    private const string WithActivation = "ConvActivation";
    private const string WithAddition = "ConvAdd";
    private const string WithBoth = "ConvAddActivation";

    private static readonly string[] Activations = ["Relu", "Sigmoid", "Tanh", "LeakyRelu", "Clip", "HardSigmoid"];

    public static IReadOnlyList<ChainRule> Rules { get; } =
    [
        new ChainRule("Pad", Conv, Conv, IsPlainPad),
        new ChainRule("Pad", "MaxPool", "MaxPool", IsPlainPad),
        new ChainRule("Pad", "AveragePool", "AveragePool", IsPlainPad),
        new ChainRule(Conv, "BatchNormalization", Conv, static (view, from, reader, input) =>
            input == 0 && HasConstantWeights(view, from) && view.Outputs[reader].Length == 1 && OthersAreConstant(view, reader, input)),
        new ChainRule(Conv, "Mul", Conv, IsForEachChannel),
        new ChainRule(Conv, "Add", Conv, IsForEachChannel),
        .. Activations.Select(a => new ChainRule(Conv, a, WithActivation, OthersAreConstant)),
        new ChainRule(Conv, "HardSwish", WithActivation, static (view, from, _, _) => view.Layout.MadeBy(from)),
        new ChainRule(Conv, "Add", WithAddition, AddsBlocks),
        new ChainRule(Conv, "Sum", WithAddition, AddsBlocks),
        .. Activations.Select(a => new ChainRule(WithAddition, a, WithBoth, OthersAreConstant)),
    ];

    /// <summary>x · hardsigmoid(x) behind a convolution, in blocks.</summary>
    public static void TakeGates(FusionView view, GroupMerger groups)
    {
        foreach (int node in view.With("Mul"))
        {
            if (Gate(view, node) is not { } gate)
                continue;
            int source = view.Producer(view.Inputs[gate][0]);
            if (source >= 0 && groups.Kind(source) is null or Conv && view.Operators[source] is Conv or "BatchNormalization"
                && view.Layout.MadeBy(source) && view.IsInside(source, n => n == node || n == gate))
            {
                groups.TryMerge(WithActivation, [source, gate, node]);
            }
        }
    }

    private static int? Gate(FusionView view, int product)
    {
        for (int i = 0; i < 2 && view.Inputs[product].Length == 2; i++)
        {
            int gate = view.Producer(view.Inputs[product][i]);
            if (gate >= 0 && view.Operators[gate] == "HardSigmoid" && view.HasOneUse(gate) && view.Inputs[gate][0] == view.Inputs[product][1 - i])
                return gate;
        }
        return null;
    }

    private static bool IsPlainPad(FusionView view, int pad, int reader, int input) =>
        input == 0 && (view.Nodes[pad].Attribute("mode")?.Strings is not [var mode] || mode.Text == "constant");

    private static bool HasConstantWeights(FusionView view, int node) =>
        view.Operators[node] != Conv || view.IsConstant(view.Input(node, 1));

    private static bool OthersAreConstant(FusionView view, int from, int reader, int input) => OthersAreConstant(view, reader, input);

    private static bool OthersAreConstant(FusionView view, int reader, int input)
    {
        for (int i = 0; i < view.Inputs[reader].Length; i++)
        {
            if (i != input && view.Inputs[reader][i] >= 0 && !view.IsConstant(view.Inputs[reader][i]))
                return false;
        }
        return true;
    }

    // One number for each channel, or one for all.
    private static bool IsForEachChannel(FusionView view, int from, int reader, int input)
    {
        if (!HasConstantWeights(view, from) || !OthersAreConstant(view, reader, input))
            return false;
        if (view.Facts(view.Inputs[reader][1 - input]).Shape is not { } shape || view.Facts(view.Inputs[reader][input]).Shape is not { } whole)
            return true;
        for (int i = 1; i <= shape.Length; i++)
        {
            if (shape[^i].Value != 1 && i != whole.Length - 1)
                return false;
        }
        return true;
    }

    private static bool AddsBlocks(FusionView view, int from, int reader, int input)
    {
        int[] operands = view.Inputs[reader];
        return view.Layout.MadeBy(reader) && operands[0] != operands[1] && !view.IsConstant(operands[1 - input]);
    }
}
