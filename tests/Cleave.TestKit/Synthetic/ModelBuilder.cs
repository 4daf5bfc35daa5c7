using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>
/// Builds a model node by node. A value is its name. Names follow PyTorch's exporter: nodes are called after the module they
/// stand in, weights after their path. What shapes inner values have is not said: shape inference must find out.
/// </summary>
/// <param name="name">The graph's name.</param>
/// <param name="floats">What weights and scalars are: Float or Float16.</param>
internal sealed class ModelBuilder(string name, ulong seed = 1, int opset = 17, ElementType floats = ElementType.Float)
{
    private readonly Dictionary<string, TensorProto> _initializers = [];
    private readonly Dictionary<string, string> _renamed = [];
    private readonly Dictionary<string, int> _uses = [];
    private string _module = "";

    /// <summary>What has been built; also the body of an If or Loop.</summary>
    public GraphProto Graph { get; } = new() { Name = name };

    /// <summary>The type of weights and scalars.</summary>
    public ElementType Floats => floats;

    /// <summary>Until disposed, names are made below this module. Entering one again shares its weights.</summary>
    public IDisposable In(string module)
    {
        Left left = new(this, _module);
        _module = Path(module);
        return left;
    }

    public string Input(string name, params Dim[] dims) => Input(name, floats, dims);

    public string Input(string name, ElementType element, params Dim[] dims)
    {
        Graph.Input.Add(Info(name, element, dims));
        return name;
    }

    /// <summary>Makes a value an output of the graph under this name; the value takes the name.</summary>
    public void Output(string name, string value, params Dim[] dims) => Output(name, value, floats, dims);

    public void Output(string name, string value, ElementType element, params Dim[] dims)
    {
        if (name != value)
            Rename(value, name);
        Graph.Output.Add(Info(name, element, dims));
    }

    /// <summary>Adds a node of one output.</summary>
    public string Node(string op, string[] inputs, params AttributeProto[] attributes) => Nodes(op, 1, inputs, attributes)[0];

    /// <summary>Adds a node of several outputs.</summary>
    public string[] Nodes(string op, int outputs, string[] inputs, params AttributeProto[] attributes)
    {
        string node = Unique("/" + Path(op).Replace('.', '/'));
        string[] values = [.. Enumerable.Range(0, outputs).Select(i => node + "_output_" + i)];
        Graph.Node.Add(new NodeProto { Name = node, OpType = op, Input = { inputs.Select(i => _renamed.GetValueOrDefault(i, i)) }, Output = { values }, Attribute = { attributes } });
        return values;
    }

    /// <summary>A weight, uniform around 0 and scaled so that the variance of what comes out is <paramref name="gain"/> times that of what goes in.</summary>
    public string Weight(string leaf, long fanIn, float gain, params long[] dims) => Uniform(leaf, -Half(fanIn, gain), Half(fanIn, gain), dims);

    /// <summary>The values that <see cref="Weight"/> would put into the model.</summary>
    public float[] DrawWeight(string leaf, long fanIn, float gain, params long[] dims) =>
        Draw(Path(leaf), -Half(fanIn, gain), Half(fanIn, gain), dims);

    public string Uniform(string leaf, float low, float high, params long[] dims) =>
        Initializer(Path(leaf), dims, name => Tensors.Floats(floats, dims, Draw(name, low, high, dims)));

    /// <summary>Adds an initializer under a full name.</summary>
    public string Initializer(string name, TensorProto tensor) => Initializer(name, [.. tensor.Dims], _ => tensor);

    /// <summary>A scalar, as a Constant node.</summary>
    public string Scalar(float value) => Constant(Tensors.Floats(floats, [], [value]));

    /// <summary>A list of integers, as a Constant node.</summary>
    public string Int64s(params long[] values) => Constant(Tensors.Int64s([values.Length], values));

    /// <summary>An integer of rank 0, as a Constant node.</summary>
    public string Int64(long value) => Constant(Tensors.Int64s([], value));

    public string Constant(TensorProto value) => Node("Constant", [], Attributes.Tensor("value", value));

    /// <summary>The full name of something in the current module.</summary>
    public string Path(string leaf) => _module.Length == 0 ? leaf : _module + "." + leaf;

    public ModelProto ToModel() => new()
    {
        IrVersion = 8,
        ProducerName = "cleave-synthetic",
        OpsetImport = { new OperatorSetIdProto { Version = opset } },
        Graph = Graph,
    };

    // Uniform between -h and h has the variance h²/3.
    private static float Half(long fanIn, float gain) => MathF.Sqrt(3 * gain / fanIn);

    // One that is there already is shared.
    private string Initializer(string name, long[] dims, Func<string, TensorProto> make)
    {
        if (!_initializers.TryGetValue(name, out TensorProto? tensor))
        {
            tensor = make(name);
            tensor.Name = name;
            _initializers.Add(name, tensor);
            Graph.Initializer.Add(tensor);
        }
        return tensor.Dims.SequenceEqual(dims) ? name : throw new ArgumentException($"{name} is there already, in another shape");
    }

    private float[] Draw(string name, float low, float high, long[] dims) =>
        SeededNoise.For(seed, name).Uniform(low, high, Tensors.Count(dims));

    private string Unique(string name)
    {
        int uses = _uses[name] = _uses.GetValueOrDefault(name) + 1;
        return uses == 1 ? name : name + "_" + (uses - 1);
    }

    private void Rename(string value, string name)
    {
        bool produced = false;
        foreach (NodeProto node in Graph.Node)
        {
            Replace(node.Input, value, name);
            produced |= Replace(node.Output, value, name);
        }
        if (!produced)
            throw new ArgumentException($"no node makes {value}");
        _renamed.Add(value, name);
    }

    private static bool Replace(IList<string> values, string value, string name)
    {
        bool found = false;
        for (int i = 0; i < values.Count; i++)
        {
            if (values[i] == value)
            {
                values[i] = name;
                found = true;
            }
        }
        return found;
    }

    private static ValueInfoProto Info(string name, ElementType element, Dim[] dims)
    {
        TensorShapeProto shape = new();
        foreach (Dim dim in dims)
            shape.Dim.Add(dim.ToProto());
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)element, Shape = shape } },
        };
    }

    private sealed class Left(ModelBuilder builder, string module) : IDisposable
    {
        public void Dispose() => builder._module = module;
    }
}
