using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>
/// Lifts an older model to operator set 13, the first whose DequantizeLinear takes a scale for each channel. An operator that
/// means something else there is rewritten, or the model is refused.
/// </summary>
internal static class OpsetUpgrade
{
    public const long Target = 13;

    // These took more types, or clearer words, since version 7; what they compute is the same.
    private static readonly HashSet<string> Unchanged = new(StringComparer.Ordinal)
    {
        "Abs", "Acos", "Acosh", "Add", "And", "ArgMax", "ArgMin", "Asin", "Asinh", "Atan", "Atanh", "AveragePool", "BatchNormalization", "BitShift", "Cast", "Ceil", "Celu", "Compress", "Concat",
        "Constant", "ConstantOfShape", "Conv", "ConvTranspose", "Cos", "Cosh", "CumSum", "DepthToSpace", "Det", "Div", "Einsum", "Elu", "Equal", "Erf", "Exp", "Expand", "EyeLike", "Flatten", "Floor",
        "GRU", "Gather", "GatherElements", "GatherND", "Gemm", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "Greater", "GreaterOrEqual", "HardSigmoid", "Identity", "InstanceNormalization",
        "IsInf", "IsNaN", "LRN", "LSTM", "LeakyRelu", "Less", "LessOrEqual", "Log", "LpNormalization", "LpPool", "MatMul", "Max", "MaxPool", "Mean", "MeanVarianceNormalization", "Min", "Mod", "Mul",
        "Neg", "NonMaxSuppression", "NonZero", "Not", "OneHot", "Or", "PRelu", "Pow", "RNN", "Range", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
        "ReduceMin", "ReduceProd", "ReduceSumSquare", "Relu", "Reshape", "ReverseSequence", "RoiAlign", "Round", "ScatterElements", "ScatterND", "Selu", "Shape", "Shrink", "Sigmoid", "Sign", "Sin",
        "Sinh", "Size", "Softplus", "Softsign", "SpaceToDepth", "Sqrt", "Sub", "Sum", "Tan", "Tanh", "ThresholdedRelu", "Tile", "Transpose", "Where", "Xor",
    };

    /// <param name="edit">The model.</param>
    /// <returns>Whether it was lifted: false where it is there already.</returns>
    /// <exception cref="RewriteException">An operator cannot be lifted.</exception>
    public static bool Apply(ModelEdit edit)
    {
        OperatorSetIdProto opset = edit.Model.OpsetImport.FirstOrDefault(o => o.Domain is "" or "ai.onnx")
            ?? throw new RewriteException("The model does not say which operator set it uses.");
        if (opset.Version >= Target)
            return false;
        if (edit.Model.Functions.Count > 0 || edit.Graph.Node.Any(n => n.Attribute.Any(a => a.G != null || a.Graphs.Count > 0)))
            throw Refused(opset.Version, "its functions, or the bodies of its If, Loop or Scan nodes");
        FreshNames names = new(edit);
        foreach (NodeProto node in edit.Graph.Node.Where(n => n.Domain is "" or "ai.onnx"))
            Lift(edit, node, opset.Version, names);
        opset.Version = Target;
        // Version 7 of the format is of the same release.
        edit.Model.IrVersion = Math.Max(edit.Model.IrVersion, 7);
        edit.Changed();
        return true;
    }

    private static void Lift(ModelEdit edit, NodeProto node, long from, FreshNames names)
    {
        switch (node.OpType)
        {
            case "Dropout":
                // It drops nothing when it is not trained; the share became an input.
                node.Attribute.Clear();
                break;
            case "Squeeze" or "Unsqueeze" or "ReduceSum":
                MoveToInputs(edit, node, names, "axes");
                break;
            case "Split" when from >= 7:
                MoveToInputs(edit, node, names, "split");
                break;
            case "Clip" when from < 11:
                MoveBounds(edit, node, names);
                break;
            case "Softmax" or "LogSoftmax" or "Hardmax" when IsOfLastAxis(edit, node):
                break;
            case "Reshape" or "BatchNormalization" when from < 9 && node.Attribute.Any(a => a.Name is "shape" or "spatial" or "is_test"):
                throw Refused(from, $"{node.OpType} '{node.Name}'");
            case "Clip" or "Pad" when from >= 11:
                break;
            case "Resize" when from >= 11:
                break;
            case "Slice" when from < 10:
                foreach (string attribute in new[] { "starts", "ends", "axes" })
                    MoveToInputs(edit, node, names, attribute);
                break;
            case "Slice" or "TopK" when from >= 10:
                break;
            default:
                if (!Unchanged.Contains(node.OpType) || from < 7)
                    throw Refused(from, $"{node.OpType} '{(node.Name.Length > 0 ? node.Name : node.Output[0])}'");
                break;
        }
    }

    private static void MoveToInputs(ModelEdit edit, NodeProto node, FreshNames names, string attribute)
    {
        if (node.Attribute.FirstOrDefault(a => a.Name == attribute) is not { } moved)
            return;
        string name = names.Next($"{node.Output[0]}_{attribute}");
        edit.Graph.Initializer.Add(new TensorProto { Name = name, DataType = (int)ElementType.Int64, Dims = { moved.Ints.Count }, Int64Data = { moved.Ints } });
        node.Attribute.Remove(moved);
        node.Input.Add(name);
    }

    private static void MoveBounds(ModelEdit edit, NodeProto node, FreshNames names)
    {
        foreach (string bound in new[] { "min", "max" })
        {
            AttributeProto? moved = node.Attribute.FirstOrDefault(a => a.Name == bound);
            if (moved is null)
            {
                node.Input.Add("");
                continue;
            }
            string name = names.Next($"{node.Output[0]}_{bound}");
            edit.Graph.Initializer.Add(Bound(name, moved.F, edit.Facts.Of(node.Input[0]).Element));
            node.Attribute.Remove(moved);
            node.Input.Add(name);
        }
    }

    // The attribute is a float; the input has the type of what is clipped.
    private static TensorProto Bound(string name, float value, ElementType? element) => element switch
    {
        ElementType.Double => new TensorProto { Name = name, DataType = (int)ElementType.Double, DoubleData = { value } },
        ElementType.Float16 => new TensorProto { Name = name, DataType = (int)ElementType.Float16, Int32Data = { BitConverter.HalfToUInt16Bits((Half)value) } },
        _ => new TensorProto { Name = name, DataType = (int)ElementType.Float, FloatData = { value } },
    };

    // Before version 13 everything from the axis on was one; that is the same where nothing follows it but single elements.
    private static bool IsOfLastAxis(ModelEdit edit, NodeProto node)
    {
        AttributeProto? axis = node.Attribute.FirstOrDefault(a => a.Name == "axis");
        if (edit.Facts.Of(node.Input[0]).Shape is not { } shape)
            return false;
        long at = axis?.I ?? 1;
        if (at < 0)
            at += shape.Length;
        if (shape.Skip((int)at + 1).Any(static d => d.Value != 1))
            return false;
        if (axis is null)
            node.Attribute.Add(new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = at });
        return true;
    }

    private static RewriteException Refused(long from, string what) => new(
        $"The model is of operator set {from}; int8 needs {Target}, where {what} may mean something else. Export it for operator set {Target} or later.");
}
