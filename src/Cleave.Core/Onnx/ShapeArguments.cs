using System;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>
/// Which inputs of ONNX's operators are shapes, axes, lengths and the like, and through which operators these are computed.
/// A matter of the operators' definitions alone: what the listing holds depends on it.
/// </summary>
internal static class ShapeArguments
{
    private const int None = 0;
    private const int All = -1;

    /// <summary>The inputs that say something of the outputs' shapes, or what kind of operator it is, as bits.</summary>
    public static int Of(Node node)
    {
        if (node.Domain.Length > 0)
            return None;
        if (node.OpType.StartsWith("Reduce", StringComparison.Ordinal))
            return 0b10;
        return node.OpType switch
        {
            "Reshape" or "Expand" or "OneHot" or "TopK" or "Squeeze" or "Unsqueeze" or "Split" or "SplitToSequence" or "CumSum"
                or "Upsample" or "CenterCropPad" or "AffineGrid" or "Compress" or "SequenceAt" or "SequenceErase" => 0b10,
            "Tile" or "DFT" or "Col2Im" => 0b110,
            "ConstantOfShape" or "If" or "HannWindow" or "HammingWindow" or "BlackmanWindow" => 0b1,
            "Loop" or "MelWeightMatrix" => 0b11,
            "Slice" => 0b11110,
            "Pad" or "STFT" => 0b1010,
            "Resize" => 0b1110,
            "Range" => 0b111,
            // Whether a Dropout drops is known as a shape is.
            "MaxUnpool" or "SequenceInsert" or "Dropout" => 0b100,
            _ => None,
        };
    }

    /// <summary>The inputs of those that may be floats, as bits.</summary>
    public static int FloatsOf(Node node) => node.OpType switch
    {
        "Resize" => 0b110,
        "Upsample" or "OneHot" => 0b10,
        "Range" => 0b111,
        _ => None,
    };

    /// <summary>Whether shapes are computed with a node: the inputs that its output follows from, as bits; 0 where they are not.</summary>
    public static int Computes(Node node)
    {
        if (node.Domain.Length > 0)
            return None;
        switch (node.OpType)
        {
            case "Concat" or "Add" or "Sub" or "Mul" or "Div" or "Mod" or "Pow" or "Min" or "Max" or "Neg" or "Abs" or "Sign" or "Sum"
                or "Identity" or "Cast" or "Ceil" or "Floor" or "Round" or "Where" or "Clip" or "Range"
                or "Gather" or "GatherElements" or "GatherND" or "ScatterND" or "ScatterElements":
                return All;
            case "Equal" or "Less" or "LessOrEqual" or "Greater" or "GreaterOrEqual" or "And" or "Or" or "Xor" or "Not":
                return All;
            case "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Slice" or "Split" or "Transpose" or "Expand" or "Tile"
                or "CastLike" or "ReduceProd" or "ReduceSum" or "ReduceMin" or "ReduceMax" or "CumSum":
                return 0b1;
            case "Pad":
                return 0b101;
            default:
                return None;
        }
    }

    /// <summary>Whether whole numbers come out where floats may go in.</summary>
    public static bool IsCast(Node node) => node.OpType is "Cast" or "CastLike";

    /// <summary>Whether truth values come out: what goes in are no floats that a shape is made from.</summary>
    public static bool IsComparison(Node node) =>
        node.OpType is "Equal" or "Less" or "LessOrEqual" or "Greater" or "GreaterOrEqual";
}
