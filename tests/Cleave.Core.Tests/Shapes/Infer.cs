using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Core.Tests.Shapes;

/// <summary>Inference on models that a test makes.</summary>
internal static class Infer
{
    public static OnnxModel Read(ModelProto model)
    {
        byte[] bytes = model.ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        return ModelReader.Read(source, CancellationToken.None);
    }

    public static GraphFacts Facts(ModelProto model) => ShapeInference.Infer(Read(model));

    /// <summary>From the nodes alone: the given inputs, and every last output an output.</summary>
    public static GraphFacts Facts(long opset, ValueInfoProto[] inputs, TensorProto[] initializers, params NodeProto[] nodes) =>
        Facts(Make.Model(Graph(inputs, initializers, nodes), opset: opset));

    public static GraphProto Graph(ValueInfoProto[] inputs, TensorProto[] initializers, params NodeProto[] nodes) => new()
    {
        Name = "g",
        Input = { inputs },
        Initializer = { initializers },
        Node = { nodes },
        Output = { new ValueInfoProto { Name = nodes[^1].Output[0] } },
    };

    /// <summary>A tensor input with named dimensions and numbers: <c>"batch", 3, "H"</c>.</summary>
    public static ValueInfoProto Input(string name, int element, params object[] dims)
    {
        ValueInfoProto value = Make.Typed(name, element);
        foreach (object dim in dims)
        {
            value.Type.TensorType.Shape.Dim.Add(dim is string text
                ? new TensorShapeProto.Types.Dimension { DimParam = text }
                : new TensorShapeProto.Types.Dimension { DimValue = (int)dim });
        }
        return value;
    }

    public static TensorProto Int64s(string name, long[] dims, params long[] values) => new()
    {
        Name = name,
        DataType = 7,
        Dims = { dims },
        Int64Data = { values },
    };

    public static TensorProto Vector(string name, params long[] values) => Int64s(name, [values.Length], values);

    public static TensorProto Scalar(string name, long value) => Int64s(name, [], value);

    /// <summary>The same model as the generator reads it: from its listing.</summary>
    public static OnnxModel FromListing(OnnxModel model) => ListingReader.Read(Listing(model)).Model!;

    public static string Listing(OnnxModel model)
    {
        using System.IO.MemoryStream stream = new();
        ListingWriter.Write(new ModelListing { Model = model }, stream);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
