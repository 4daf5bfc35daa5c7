using Cleave.OnnxProto;
using Google.Protobuf;
using LabelGlyphsModel.Training;
using LabelReader.Reading;
using static Cleave.OnnxProto.AttributeProto.Types;

namespace LabelGlyphsModel;

/// <summary>Writes the trained network as an ONNX model.</summary>
internal static class OnnxFile
{
    private const int Float = 1;
    private const int IrVersion = 8;
    private const int Opset = 13;

    public static byte[] Write(GlyphNetwork network)
    {
        ModelProto model = new()
        {
            IrVersion = IrVersion,
            ProducerName = "LabelGlyphsModel",
            ProducerVersion = "1.0",
            ModelVersion = 1,
            DocString = "Recognizes one printed digit or capital letter in each small picture.",
            Graph = Graph(network),
        };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = Opset });
        model.MetadataProps.Add(new StringStringEntryProto { Key = "classes", Value = Transcript.Classes });
        model.MetadataProps.Add(new StringStringEntryProto { Key = "license", Value = "MIT" });
        return model.ToByteArray();
    }

    private static GraphProto Graph(GlyphNetwork network)
    {
        GraphProto graph = new() { Name = "label_glyphs" };
        graph.Input.Add(Value("glyphs", "Pictures of single characters: 0 is paper, 1 is ink.",
            Dim("batch"), Dim(1), Dim(GlyphCrop.Height), Dim(GlyphCrop.Width)));
        graph.Output.Add(Value("scores", "The probability of each class, in the order of the metadata entry 'classes'.",
            Dim("batch"), Dim(GlyphNetwork.Classes)));
        foreach (Parameters parameters in network.All)
            graph.Initializer.Add(Tensor(parameters));

        string[] stages = ["features.0", "features.1"];
        string from = "glyphs";
        foreach (string stage in stages)
        {
            graph.Node.Add(Node(stage + "/Conv", "Conv", [from, stage + ".weight", stage + ".bias"], stage + ".conv",
                Ints("kernel_shape", 3, 3), Ints("pads", 1, 1, 1, 1)));
            graph.Node.Add(Node(stage + "/Relu", "Relu", [stage + ".conv"], stage + ".relu"));
            graph.Node.Add(Node(stage + "/MaxPool", "MaxPool", [stage + ".relu"], stage + ".pool",
                Ints("kernel_shape", 2, 2), Ints("strides", 2, 2)));
            from = stage + ".pool";
        }
        graph.Node.Add(Node("classifier/Flatten", "Flatten", [from], "features", Int("axis", 1)));
        graph.Node.Add(Node("classifier/Gemm", "Gemm", ["features", "classifier.weight", "classifier.bias"], "logits", Int("transB", 1)));
        graph.Node.Add(Node("classifier/Softmax", "Softmax", ["logits"], "scores", Int("axis", 1)));
        return graph;
    }

    private static TensorProto Tensor(Parameters parameters)
    {
        // raw_data is little-endian.
        byte[] bytes = new byte[parameters.Values.Length * sizeof(float)];
        for (int i = 0; i < parameters.Values.Length; i++)
            System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), parameters.Values[i]);
        TensorProto tensor = new() { Name = parameters.Name, DataType = Float, RawData = UnsafeByteOperations.UnsafeWrap(bytes) };
        tensor.Dims.AddRange(parameters.Shape.Select(d => (long)d));
        return tensor;
    }

    private static NodeProto Node(string name, string operation, string[] inputs, string output, params AttributeProto[] attributes)
    {
        NodeProto node = new() { Name = name, OpType = operation };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        node.Attribute.AddRange(attributes);
        return node;
    }

    private static ValueInfoProto Value(string name, string description, params TensorShapeProto.Types.Dimension[] shape)
    {
        TypeProto.Types.Tensor tensor = new() { ElemType = Float, Shape = new TensorShapeProto() };
        tensor.Shape.Dim.AddRange(shape);
        return new ValueInfoProto { Name = name, DocString = description, Type = new TypeProto { TensorType = tensor } };
    }

    private static TensorShapeProto.Types.Dimension Dim(long size) => new() { DimValue = size };

    private static TensorShapeProto.Types.Dimension Dim(string name) => new() { DimParam = name };

    private static AttributeProto Int(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    private static AttributeProto Ints(string name, params long[] values)
    {
        AttributeProto attribute = new() { Name = name, Type = AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }
}
