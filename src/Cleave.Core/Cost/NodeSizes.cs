using System;
using Cleave.Core.Graph;

namespace Cleave.Core.Cost;

/// <summary>A node with its shapes in numbers: what its work follows from.</summary>
/// <param name="node">The node.</param>
/// <param name="shape">The shape of a value; null where it is not known.</param>
/// <param name="isConstant">Whether a value is the same in every call.</param>
/// <param name="element">The element type of a value.</param>
/// <param name="opset">The version of ONNX's own operators.</param>
internal sealed class NodeSizes(Node node, Func<string, long[]?> shape, Func<string, bool> isConstant, Func<string, ElementType> element, long opset)
{
    public Node Node { get; } = node;

    public string OpType => Node.OpType;

    /// <summary>The version of ONNX's own operators.</summary>
    public long Opset { get; } = opset;

    /// <summary>The shape of an input; null where there is none or it is not known.</summary>
    public long[]? Input(int index) => HasInput(index) ? shape(Node.Inputs[index]) : null;

    public long[]? Output(int index) => index < Node.Outputs.Length && Node.Outputs[index].Length > 0 ? shape(Node.Outputs[index]) : null;

    public bool HasInput(int index) => index < Node.Inputs.Length && Node.Inputs[index].Length > 0;

    public bool IsConstant(int input) => HasInput(input) && isConstant(Node.Inputs[input]);

    public ElementType InputElement(int index) => HasInput(index) ? element(Node.Inputs[index]) : ElementType.Undefined;

    /// <summary>Elements of the largest output; 0 where none is known.</summary>
    public double OutputCount
    {
        get
        {
            double largest = 0;
            for (int i = 0; i < Node.Outputs.Length; i++)
                largest = Math.Max(largest, Count(Output(i)));
            return largest;
        }
    }

    /// <summary>Elements of the largest input or output; 0 where none is known.</summary>
    public double LargestCount
    {
        get
        {
            double largest = OutputCount;
            for (int i = 0; i < Node.Inputs.Length; i++)
                largest = Math.Max(largest, Count(Input(i)));
            return largest;
        }
    }

    /// <summary>The same with the channels of images filled up to whole blocks, as ONNX Runtime holds them in its blocked layout.</summary>
    public NodeSizes InBlocks(int block) => new(
        Node, v => shape(v) is { Length: 4 } image ? [image[0], RoundUp(image[1], block), image[2], image[3]] : shape(v), isConstant, element, Opset);

    /// <summary>The next multiple of a block.</summary>
    public static long RoundUp(long channels, int block) => (channels + block - 1) / block * block;

    public long[]? Integers(string attribute) => Node.Ints(attribute);

    public long Integer(string attribute, long otherwise) => Node.Int(attribute, otherwise);

    public string Text(string attribute) => Node.Text(attribute, "");

    public static double Count(long[]? shape) => shape is null ? 0 : Product(shape, 0, shape.Length);

    /// <summary>The product of the dimensions from one axis up to another.</summary>
    public static double Product(long[] shape, int from, int to)
    {
        double product = 1;
        for (int i = from; i < to; i++)
            product *= shape[i];
        return product;
    }
}
