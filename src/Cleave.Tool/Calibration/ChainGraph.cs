using System;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Tool.Calibration;

/// <summary>A model under construction: equal operators, one after the other or side by side. Weights are random, by a fixed seed.</summary>
internal sealed class ChainGraph
{
    // A prime.
    private const int Distinct = 65521;

    private readonly GraphProto _graph = new() { Name = "chain" };
    private readonly Random _random = new(1);
    private int _names;

    /// <summary>An input of the model; returns its name.</summary>
    public string Input(ElementType element, params long[] shape)
    {
        string name = Name("x");
        _graph.Input.Add(Value(name, element, shape));
        return name;
    }

    /// <summary>Random floats of about unit variance when <paramref name="fanIn"/> of them are added up.</summary>
    public string Weights(double fanIn, params long[] shape)
    {
        float scale = (float)Math.Sqrt(3 / fanIn);
        float[] numbers = new float[Count(shape)];
        // As many as do not repeat within a kernel's reach; drawing all of a large matrix takes longer than to measure it.
        for (int i = 0; i < Math.Min(numbers.Length, Distinct); i++)
            numbers[i] = ((_random.NextSingle() * 2) - 1) * scale;
        for (int filled = Distinct; filled < numbers.Length; filled += Distinct)
            numbers.AsSpan(0, Math.Min(Distinct, numbers.Length - filled)).CopyTo(numbers.AsSpan(filled));
        return Initializer(ElementType.Float, shape, MemoryMarshal.AsBytes(numbers.AsSpan()));
    }

    public string Floats(float value, params long[] shape)
    {
        float[] numbers = new float[Count(shape)];
        Array.Fill(numbers, value);
        return Initializer(ElementType.Float, shape, MemoryMarshal.AsBytes(numbers.AsSpan()));
    }

    public string Integers(long[] shape, params long[] values) => Initializer(ElementType.Int64, shape, MemoryMarshal.AsBytes(values.AsSpan()));

    public string Bytes(ElementType element, byte from, byte to, params long[] shape)
    {
        byte[] numbers = new byte[Count(shape)];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = (byte)_random.Next(from, to + 1);
        return Initializer(element, shape, numbers);
    }

    /// <summary>A node with one output; returns its name. The operator is <c>Op</c> or <c>domain:Op</c>.</summary>
    public string Node(string op, string[] inputs, params (string Name, object Value)[] attributes) => Nodes(op, inputs, 1, attributes)[0];

    public string[] Nodes(string op, string[] inputs, int outputs, params (string Name, object Value)[] attributes)
    {
        int colon = op.IndexOf(':', StringComparison.Ordinal);
        NodeProto node = new() { Name = Name("n"), OpType = op[(colon + 1)..], Domain = colon < 0 ? "" : op[..colon] };
        node.Input.AddRange(inputs);
        for (int i = 0; i < outputs; i++)
            node.Output.Add(Name("v"));
        foreach ((string name, object value) in attributes)
            node.Attribute.Add(Attribute(name, value));
        _graph.Node.Add(node);
        return [.. node.Output];
    }

    public void Output(string name, ElementType element = ElementType.Float)
    {
        ValueInfoProto output = Value(name, element, []);
        output.Type.TensorType.Shape = null;
        _graph.Output.Add(output);
    }

    public byte[] ToBytes()
    {
        ModelProto model = new() { IrVersion = 8, ProducerName = "cleave calibrate", Graph = _graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = 17 });
        foreach (string domain in _graph.Node.Select(n => n.Domain).Where(d => d.Length > 0).Distinct())
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = 1 });
        return model.ToByteArray();
    }

    private static AttributeProto Attribute(string name, object value)
    {
        AttributeProto attribute = new() { Name = name };
        switch (value)
        {
            case long number:
                attribute.Type = AttributeProto.Types.AttributeType.Int;
                attribute.I = number;
                break;
            case float number:
                attribute.Type = AttributeProto.Types.AttributeType.Float;
                attribute.F = number;
                break;
            case string text:
                attribute.Type = AttributeProto.Types.AttributeType.String;
                attribute.S = ByteString.CopyFromUtf8(text);
                break;
            case long[] numbers:
                attribute.Type = AttributeProto.Types.AttributeType.Ints;
                attribute.Ints.AddRange(numbers);
                break;
            default:
                throw new ArgumentException("an attribute of type " + value.GetType(), nameof(value));
        }
        return attribute;
    }

    private string Initializer(ElementType element, long[] shape, ReadOnlySpan<byte> data)
    {
        TensorProto tensor = new() { Name = Name("w"), DataType = (int)element, RawData = ByteString.CopyFrom(data) };
        tensor.Dims.AddRange(shape);
        _graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    private static ValueInfoProto Value(string name, ElementType element, long[] shape)
    {
        TypeProto.Types.Tensor tensor = new() { ElemType = (int)element, Shape = new TensorShapeProto() };
        foreach (long dim in shape)
            tensor.Shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = dim });
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    private string Name(string prefix) => prefix + (_names++).ToString(CultureInfo.InvariantCulture);

    private static int Count(long[] shape) => (int)shape.Aggregate(1L, (a, b) => a * b);
}
