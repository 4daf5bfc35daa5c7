using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Onnx.Recurrent;
using Cleave.OnnxProto;

namespace Cleave.Core.Tests.Recurrent;

/// <summary>States before the first step that make a difference: random, and others for each layer and direction.</summary>
internal static class RecurrentStates
{
    /// <summary>As constants.</summary>
    /// <param name="proto">A recurrent model.</param>
    /// <param name="samples">Of how many samples.</param>
    public static ModelProto Constant(ModelProto proto, int samples = 1)
    {
        foreach ((string name, long directions, long units) in Replace(proto))
            proto.Graph.Initializer.Add(Make.RandomFloats(name, 7 + proto.Graph.Initializer.Count, directions, samples, units));
        return proto;
    }

    /// <summary>As inputs of the model, of as many samples as its first one has.</summary>
    /// <param name="proto">A recurrent model, whose first input has the batch on axis 0.</param>
    public static ModelProto Given(ModelProto proto)
    {
        TensorShapeProto.Types.Dimension batch = proto.Graph.Input[0].Type.TensorType.Shape.Dim[0];
        foreach ((string name, long directions, long units) in Replace(proto))
        {
            ValueInfoProto input = Make.Value(name, directions, 1, units);
            input.Type.TensorType.Shape.Dim[1] = batch.Clone();
            proto.Graph.Input.Add(input);
        }
        return proto;
    }

    private static List<(string Name, long Directions, long Units)> Replace(ModelProto proto)
    {
        List<(string, long, long)> states = [];
        foreach (NodeProto node in proto.Graph.Node.Where(n => n.OpType is "LSTM" or "GRU" or "RNN"))
        {
            TensorProto recurrent = proto.Graph.Initializer.Single(t => t.Name == node.Input[RecurrentNode.Recurrent]);
            for (int i = RecurrentNode.InitialH; i < node.Input.Count; i++)
            {
                node.Input[i] = node.Output[0] + "/state " + i;
                states.Add((node.Input[i], recurrent.Dims[0], recurrent.Dims[2]));
            }
        }
        return states;
    }
}
