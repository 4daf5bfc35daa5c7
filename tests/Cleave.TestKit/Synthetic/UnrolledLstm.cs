using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.TestKit.Synthetic;

/// <summary>
/// Replaces forward LSTM nodes of a fixed number of steps by the operators that they stand for, step by step: what exporters write that know no recurrent node. For a state that begins with zeros.
/// </summary>
internal sealed class UnrolledLstm
{
    private readonly GraphProto _graph;
    private readonly List<NodeProto> _nodes = [];
    private readonly Dictionary<string, TensorProto> _weights;
    private int _number;

    private UnrolledLstm(GraphProto graph)
    {
        _graph = graph;
        _weights = graph.Initializer.ToDictionary(t => t.Name);
    }

    /// <param name="model">As <see cref="Recurrent.Stacked"/> makes it; not changed.</param>
    /// <param name="steps">How many steps it has.</param>
    public static ModelProto Of(ModelProto model, int steps)
    {
        ModelProto unrolled = model.Clone();
        UnrolledLstm rewriter = new(unrolled.Graph);
        foreach (NodeProto node in unrolled.Graph.Node)
        {
            if (node.OpType == "LSTM")
                rewriter.Unroll(node, steps);
            else
                rewriter._nodes.Add(node);
        }
        unrolled.Graph.Node.Clear();
        unrolled.Graph.Node.Add(rewriter._nodes);
        return unrolled;
    }

    private void Unroll(NodeProto node, int steps)
    {
        TensorProto w = _weights[node.Input[1]], r = _weights[node.Input[2]], b = _weights[node.Input[3]];
        int hidden = (int)r.Dims[2];
        string wt = Transposed(w), rt = Transposed(r), bias = Sum(b);
        string h = Zeros(hidden), c = h;
        string inputs = Node("Add", [Node("MatMul", [node.Input[0], wt]), bias]);
        List<string> all = [];
        for (int step = 0; step < steps; step++)
        {
            string x = Node("Gather", [inputs, Integer(step)], Attributes.Int("axis", 0));
            string gates = Node("Add", [x, Node("MatMul", [h, rt])]);
            // ONNX's order: input, output, forget, cell.
            string[] parts = [.. Enumerable.Range(0, 4).Select(_ => Name())];
            NodeProto split = new() { OpType = "Split", Name = Name(), Input = { gates }, Output = { parts } };
            split.Attribute.Add(Attributes.Int("axis", 1));
            _nodes.Add(split);
            c = Node("Add", [Node("Mul", [Node("Sigmoid", [parts[2]]), c]), Node("Mul", [Node("Sigmoid", [parts[0]]), Node("Tanh", [parts[3]])])]);
            h = Node("Mul", [Node("Sigmoid", [parts[1]]), Node("Tanh", [c])]);
            all.Add(Node("Unsqueeze", [h, Axes(0, 1)]));
        }
        Make("Concat", [.. all], node.Output[0], Attributes.Int("axis", 0));
        if (node.Output.Count > 1 && node.Output[1].Length > 0)
            Make("Unsqueeze", [h, Axes(0)], node.Output[1]);
        if (node.Output.Count > 2 && node.Output[2].Length > 0)
            Make("Unsqueeze", [c, Axes(0)], node.Output[2]);
    }

    private string Node(string op, string[] inputs, params AttributeProto[] attributes)
    {
        string output = Name();
        Make(op, inputs, output, attributes);
        return output;
    }

    private void Make(string op, string[] inputs, string output, params AttributeProto[] attributes)
    {
        NodeProto node = new() { OpType = op, Name = "unrolled/" + output, Input = { inputs }, Output = { output } };
        node.Attribute.Add(attributes);
        _nodes.Add(node);
    }

    private string Name() => "unrolled." + _number++;

    // [1, rows, columns] as [columns, rows].
    private string Transposed(TensorProto weight)
    {
        int rows = (int)weight.Dims[1], columns = (int)weight.Dims[2];
        float[] from = Floats(weight), to = new float[from.Length];
        for (int i = 0; i < rows; i++)
        {
            for (int k = 0; k < columns; k++)
                to[(k * rows) + i] = from[(i * columns) + k];
        }
        return Add(to, columns, rows);
    }

    // The biases of the input and of the recurrence.
    private string Sum(TensorProto bias)
    {
        float[] both = Floats(bias);
        return Add([.. Enumerable.Range(0, both.Length / 2).Select(i => both[i] + both[i + (both.Length / 2)])], both.Length / 2);
    }

    private string Zeros(int hidden) => Add(new float[hidden], 1, hidden);

    private static float[] Floats(TensorProto tensor) =>
        tensor.RawData.Length > 0 ? MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray() : [.. tensor.FloatData];

    private string Add(float[] values, params long[] dims)
    {
        string name = Name();
        _graph.Initializer.Add(new TensorProto { Name = name, DataType = 1, Dims = { dims }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())) });
        return name;
    }

    private string Integer(long value)
    {
        string name = Name();
        _graph.Initializer.Add(new TensorProto { Name = name, DataType = 7, Int64Data = { value } });
        return name;
    }

    private string Axes(params long[] axes)
    {
        string name = Name();
        _graph.Initializer.Add(new TensorProto { Name = name, DataType = 7, Dims = { axes.Length }, Int64Data = { axes } });
        return name;
    }
}
