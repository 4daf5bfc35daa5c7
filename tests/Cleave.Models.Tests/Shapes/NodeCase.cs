using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;

namespace Cleave.Models.Tests.Shapes;

/// <summary>A node model with the first of its data sets: what goes in, and what comes out in truth.</summary>
internal sealed class NodeCase
{
    // Of floats only these read sizes.
    private static readonly HashSet<string> ReadFloats = ["Range", "Resize", "Upsample"];

    private readonly ModelProto _model;
    private readonly Dictionary<string, TensorProto> _inputs;

    public NodeCase(string path)
    {
        Name = Path.GetFileName(Path.GetDirectoryName(path)!);
        _model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        TestDataFolder data = new(Path.GetDirectoryName(path)!);
        HashSet<string> initializers = [.. _model.Graph.Initializer.Select(i => i.Name)];
        _inputs = Tensors(data.Input, _model.Graph.Input.Where(i => !initializers.Contains(i.Name)));
        Outputs = Tensors(data.Output, _model.Graph.Output);
    }

    public string Name { get; }

    /// <summary>The tensors among the outputs, as they came out.</summary>
    public IReadOnlyDictionary<string, TensorProto> Outputs { get; }

    public IEnumerable<string> Operators => _model.Graph.Node.Select(n => n.OpType).Distinct();

    /// <summary>What the file says of an output, before it is taken away.</summary>
    public TypeProto Declared(string output) => _model.Graph.Output.Single(o => o.Name == output).Type;

    /// <summary>
    /// The model without a word on what comes out or lies between. With <paramref name="sizes"/>, the data set's whole numbers and
    /// truth values are constants of it, and the floats that sizes are made of: those are inputs of these models, and of no others.
    /// </summary>
    public OnnxModel Stripped(bool sizes)
    {
        ModelProto model = _model.Clone();
        Strip(model.Graph);
        if (sizes)
        {
            bool floats = model.Graph.Node.Any(n => ReadFloats.Contains(n.OpType));
            foreach ((string name, TensorProto tensor) in _inputs)
            {
                if (!IsWhole((ElementType)tensor.DataType) && (!floats || tensor.DataType != (int)ElementType.Float))
                    continue;
                TensorProto constant = tensor.Clone();
                constant.Name = name;
                model.Graph.Initializer.Add(constant);
                model.Graph.Input.Remove(model.Graph.Input.Single(i => i.Name == name));
            }
        }
        return ModelReader.Read(ByteSource.FromBytes(model.ToByteArray()), CancellationToken.None);
    }

    /// <summary>The sizes of the named dimensions in the data set.</summary>
    public long? Dimension(string name)
    {
        foreach (ValueInfoProto input in _model.Graph.Input)
        {
            if (!_inputs.TryGetValue(input.Name, out TensorProto? tensor) || input.Type.TensorType?.Shape is not { } shape)
                continue;
            for (int i = 0; i < shape.Dim.Count; i++)
            {
                if (shape.Dim[i].DimParam == name)
                    return tensor.Dims[i];
            }
        }
        return null;
    }

    private static bool IsWhole(ElementType element) => element is ElementType.Int32 or ElementType.Int64 or ElementType.Bool;

    private static void Strip(GraphProto graph)
    {
        graph.ValueInfo.Clear();
        foreach (ValueInfoProto output in graph.Output)
            output.Type = null;
        foreach (GraphProto body in graph.Node.SelectMany(n => n.Attribute).Where(a => a.G is not null).Select(a => a.G))
            Strip(body);
    }

    private static Dictionary<string, TensorProto> Tensors(Func<int, string> fileOf, IEnumerable<ValueInfoProto> values)
    {
        Dictionary<string, TensorProto> tensors = [];
        int number = 0;
        foreach (ValueInfoProto value in values)
        {
            string file = fileOf(number++);
            if (value.Type.TensorType is not null && File.Exists(file))
                tensors.Add(value.Name, TestDataFolder.Read(file));
        }
        return tensors;
    }
}
