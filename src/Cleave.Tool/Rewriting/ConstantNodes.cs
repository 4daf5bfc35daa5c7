using System;
using System.Collections.Generic;
using Cleave.Core.Graph;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>Turns <c>Constant</c> nodes into initializers. One whose value is an output of the model stays.</summary>
internal static class ConstantNodes
{
    public static int Apply(ModelEdit edit)
    {
        GraphProto graph = edit.Graph;
        HashSet<string> outputs = new(edit.OutputNames, StringComparer.Ordinal);
        int turned = ModelEdit.Remove(graph.Node, n => IsConstant(n) && !outputs.Contains(n.Output[0]) && Turn(n, graph));
        if (turned == 0)
            return 0;
        edit.AllowPlainInitializers();
        edit.ForgetLostValues();
        return turned;
    }

    private static bool IsConstant(NodeProto node) =>
        node.OpType == "Constant" && node.Domain is "" or "ai.onnx" && node.Output.Count == 1 && node.Output[0].Length > 0 && node.Attribute.Count == 1;

    private static bool Turn(NodeProto node, GraphProto graph)
    {
        AttributeProto value = node.Attribute[0];
        if (value.SparseTensor != null)
        {
            SparseTensorProto sparse = value.SparseTensor.Clone();
            sparse.Values.Name = node.Output[0];
            graph.SparseInitializer.Add(sparse);
            return true;
        }
        if (Dense(value) is not { } tensor)
            return false;
        tensor.Name = node.Output[0];
        graph.Initializer.Add(tensor);
        return true;
    }

    private static TensorProto? Dense(AttributeProto value)
    {
        switch (value.Name)
        {
            case "value" when value.T != null:
                return value.T.Clone();
            case "value_float":
                return new TensorProto { DataType = (int)ElementType.Float, FloatData = { value.F } };
            case "value_floats":
                return new TensorProto { DataType = (int)ElementType.Float, Dims = { value.Floats.Count }, FloatData = { value.Floats } };
            case "value_int":
                return new TensorProto { DataType = (int)ElementType.Int64, Int64Data = { value.I } };
            case "value_ints":
                return new TensorProto { DataType = (int)ElementType.Int64, Dims = { value.Ints.Count }, Int64Data = { value.Ints } };
            case "value_string":
                return new TensorProto { DataType = (int)ElementType.String, StringData = { value.S } };
            case "value_strings":
                return new TensorProto { DataType = (int)ElementType.String, Dims = { value.Strings.Count }, StringData = { value.Strings } };
            default:
                return null;
        }
    }
}
