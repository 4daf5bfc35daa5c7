using System.Buffers.Binary;
using Cleave.OnnxProto;
using Google.Protobuf;
using PageReader.Reading;
using PageReader.Training.Network;
using static Cleave.OnnxProto.AttributeProto.Types;

namespace PageReader.Training;

/// <summary>Writes a trained network as an ONNX model for batches of lines of any width.</summary>
internal static class OnnxFile
{
    private const int Float = 1;
    private const int IrVersion = 8;
    private const int Opset = 13;

    /// <summary>Input <c>lines [batch, 1, 24, width]</c>, output <c>scores [batch, steps, classes]</c>.</summary>
    public static byte[] Recognizer(LineNetwork network, string name)
    {
        GraphProto graph = Start(network, name);
        graph.Output.Add(Value("scores", "The probability of each class at each step of two columns: first that there is no character, then the characters of the metadata entry 'classes', in its order.",
            Dim("batch"), Dim("steps"), Dim(Alphabet.Classes.Length)));
        // [batch, classes, 1, steps] to [batch, steps, classes].
        graph.Initializer.Add(Constant("rows", [2]));
        graph.Node.Add(Node("scores/Squeeze", "Squeeze", [Last(graph), "rows"], "scores.columns"));
        graph.Node.Add(Node("scores/Transpose", "Transpose", ["scores.columns"], "scores.rows", Ints("perm", 0, 2, 1)));
        graph.Node.Add(Node("scores/Softmax", "Softmax", ["scores.rows"], "scores", Int("axis", 2)));
        return Model(graph, "Reads a line of printed text.", Alphabet.Classes);
    }

    /// <summary>Input <c>lines [batch, 1, 24, width]</c>, output <c>turned [batch, 2]</c>.</summary>
    public static byte[] Orientation(LineNetwork network, string name)
    {
        GraphProto graph = Start(network, name);
        graph.Output.Add(Value("turned", "The probabilities that the line stands upright, and that it stands on its head.", Dim("batch"), Dim(2)));
        graph.Node.Add(Node("turned/GlobalAveragePool", "GlobalAveragePool", [Last(graph)], "turned.mean"));
        graph.Node.Add(Node("turned/Flatten", "Flatten", ["turned.mean"], "turned.flat", Int("axis", 1)));
        graph.Node.Add(Node("turned/Softmax", "Softmax", ["turned.flat"], "turned", Int("axis", 1)));
        return Model(graph, "Says whether a line of text stands on its head.", null);
    }

    private static byte[] Model(GraphProto graph, string description, string? classes)
    {
        ModelProto model = new()
        {
            IrVersion = IrVersion,
            ProducerName = "PageReader.Training",
            ProducerVersion = "1.0",
            ModelVersion = 1,
            DocString = description,
            Graph = graph,
        };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = Opset });
        if (classes != null)
            model.MetadataProps.Add(new StringStringEntryProto { Key = "classes", Value = classes[1..] });
        model.MetadataProps.Add(new StringStringEntryProto { Key = "license", Value = "MIT" });
        return model.ToByteArray();
    }

    private static GraphProto Start(LineNetwork network, string name)
    {
        GraphProto graph = new() { Name = name };
        graph.Input.Add(Value("lines", "Lines of text: 0 is paper, 1 is ink.", Dim("batch"), Dim(1), Dim(LineCrop.Height), Dim("width")));
        foreach (Parameters parameters in network.Learnt)
            graph.Initializer.Add(Tensor(parameters));
        string from = "lines";
        string stage = "";
        foreach (Layer layer in network.Layers)
        {
            if (layer is Convolution convolution)
            {
                ConvolutionShape shape = convolution.Shape;
                stage = shape.Name;
                graph.Node.Add(Node(stage + "/Conv", "Conv", [from, stage + ".weight", stage + ".bias"], stage + ".conv",
                    Ints("kernel_shape", shape.KernelHeight, shape.KernelWidth), Ints("pads", shape.PadY, shape.PadX, shape.PadY, shape.PadX)));
                if (shape.Clips)
                    graph.Node.Add(Node(stage + "/Relu", "Relu", [stage + ".conv"], stage + ".relu"));
            }
            else if (layer is MaxPool pool)
            {
                graph.Node.Add(Node(stage + "/MaxPool", "MaxPool", [from], stage + ".pool",
                    Ints("kernel_shape", 2, pool.Columns), Ints("strides", 2, pool.Columns)));
            }
            from = Last(graph);
        }
        return graph;
    }

    private static string Last(GraphProto graph) => graph.Node[^1].Output[0];

    private static TensorProto Tensor(Parameters parameters)
    {
        byte[] bytes = new byte[parameters.Values.Length * sizeof(float)];
        for (int i = 0; i < parameters.Values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), parameters.Values[i]);
        TensorProto tensor = new() { Name = parameters.Name, DataType = Float, RawData = UnsafeByteOperations.UnsafeWrap(bytes) };
        tensor.Dims.AddRange(parameters.Shape.Select(d => (long)d));
        return tensor;
    }

    private static TensorProto Constant(string name, long[] values)
    {
        const int Int64 = 7;
        TensorProto tensor = new() { Name = name, DataType = Int64 };
        tensor.Dims.Add(values.Length);
        tensor.Int64Data.AddRange(values);
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
