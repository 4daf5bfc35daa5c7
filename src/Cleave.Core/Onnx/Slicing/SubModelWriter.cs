using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Widening;

namespace Cleave.Core.Onnx.Slicing;

/// <summary>How a sub-model holds its weights.</summary>
internal enum WeightMode
{
    /// <summary>All inside.</summary>
    Copy,

    /// <summary>Large tensors as external data that points into the files they already are in.</summary>
    Map,
}

/// <summary>A sub-model as an ONNX file in memory.</summary>
/// <param name="Bytes">The ONNX file.</param>
/// <param name="MappedTensors">Tensors that ONNX Runtime will map: each is one mapping for each session.</param>
/// <param name="ReadsFiles">Whether the session must be told the model's folder, since it reads files there.</param>
internal sealed record SubModel(byte[] Bytes, int MappedTensors, bool ReadsFiles)
{
    /// <summary>Where floats of 16 bits were to be widened: why those of this segment are not; null where they are.</summary>
    public string? WhyNotWidened { get; init; }
}

/// <summary>
/// Cuts sub-models out of a model. Nodes are copied byte for byte; initializers stop being inputs, and
/// <c>Constant</c> nodes become initializers. Not thread-safe.
/// </summary>
internal sealed class SubModelWriter
{
    /// <summary>Smaller tensors stay inside: shape inference cannot read external data, and each costs time to open.</summary>
    public const long SmallestMapped = 16 * 1024;

    private const long LargestBody = 1L << 30;

    // Since this version initializers need not be inputs.
    private const long LowestIrVersion = 4;

    private readonly OnnxModel _model;
    private readonly ByteSource _source;
    private readonly string? _folder;
    private readonly string? _fileName;
    private GraphIndex? _index;

    /// <param name="model">The model, as <see cref="ModelReader"/> read it from <paramref name="source"/>.</param>
    /// <param name="source">Stays open as long as this writes.</param>
    /// <param name="path">The model's file, links resolved; null for a model in memory, which cannot be mapped or have external data.</param>
    public SubModelWriter(OnnxModel model, ByteSource source, string? path)
    {
        _model = model;
        _source = source;
        if (path != null)
        {
            _folder = Path.GetDirectoryName(Path.GetFullPath(path));
            _fileName = Path.GetFileName(path);
        }
        OverridableInitializers = model.IrVersion >= LowestIrVersion && HasInitializerAmongInputs();
        WeightBytes = SumWeights();
    }

    /// <summary>Whether callers could override initializers, which keeps ONNX Runtime from folding them: then a sub-model of everything is faster than the file.</summary>
    public bool OverridableInitializers { get; }

    /// <summary>Bytes of all initializers and of the tensors in <c>Constant</c> nodes of the outer graph.</summary>
    public long WeightBytes { get; }

    public OnnxModel Model => _model;

    /// <summary>Made when something is cut, which many models never are.</summary>
    public GraphIndex Index => _index ??= new GraphIndex(_model);

    /// <summary>The part of <see cref="WeightBytes"/> that the values need.</summary>
    public long WeightBytesFor(IReadOnlyList<string> values)
    {
        bool[] needed = Index.NodesFor(values);
        HashSet<string> read = new(values, StringComparer.Ordinal);
        long sum = 0;
        for (int i = 0; i < needed.Length; i++)
        {
            if (!needed[i])
                continue;
            read.UnionWith(Index.Reads(i));
            if (ConstantNode.IsConstant(Index.Nodes[i]))
                TensorWalk.VisitAttributes(Index.Nodes[i].Attributes, t => sum += t.ByteSize);
        }
        foreach (string name in read)
            sum += Index.Initializer(name)?.ByteSize ?? 0;
        return sum;
    }

    /// <summary>The bytes of the weights that the session of a segment keeps.</summary>
    /// <param name="request">The segment.</param>
    /// <param name="isWidened">Whether weights of 16 bits count twice.</param>
    /// <exception cref="ModelException">The segment does not fit the graph.</exception>
    public long WeightBytesOf(SegmentRequest request, bool isWidened) => SegmentWeights.Bytes(Index, new SegmentSlice(Index, request), isWidened);

    /// <summary>The sub-model of a segment.</summary>
    /// <param name="request">The segment.</param>
    /// <param name="weights">How it holds its weights.</param>
    /// <param name="halves">The model's floats of 16 bits, which are computed in 32, where that can be done; null: nothing is.</param>
    /// <exception cref="ModelException">The segment does not fit the graph, is too large, or its weights cannot be read.</exception>
    public SubModel Write(SegmentRequest request, WeightMode weights, HalfFloats? halves = null)
    {
        if (weights == WeightMode.Map && _fileName is null)
            throw new InvalidOperationException("A model in memory cannot be mapped.");
        SegmentSlice slice = new(Index, request);
        using WeightWriter tensors = new(_source, _folder, weights == WeightMode.Map ? _fileName : null);
        List<ModelFunction> functions = FunctionClosure.Of(_model, slice.Nodes);
        WideSegment? wide = halves is null ? null : new WideSegment(Index, slice, halves, functions, _source);
        MessageBuilder graph = new();
        wide?.WriteFirst(graph);
        WriteNodes(graph, slice, tensors, wide);
        wide?.WriteLast(graph);
        graph.Text(Tags.Graph.Name, _model.Graph.Name.Length > 0 ? _model.Graph.Name : request.Name);
        WriteInitializers(graph, slice, tensors, wide);
        WriteValues(graph, slice, wide);

        MessageBuilder model = new();
        WriteHeader(model);
        model.Message(Tags.Model.Graph, graph);
        foreach (ModelFunction function in functions)
        {
            tensors.NoteExternal(function);
            if (wide is { WhyNot: null })
                wide.WriteFunction(model, function);
            else
                model.Copy(Tags.Model.Function, _source, function.Message);
        }
        if (model.Length > MessageBuilder.LongestMessage)
        {
            throw slice.Refused(string.Format(CultureInfo.InvariantCulture,
                "with its weights inside it has {0} bytes, and ONNX Runtime opens at most 2 GB from memory; map the weights, or keep them in external data", model.Length));
        }
        return new SubModel(model.ToArray(), tensors.Mapped, tensors.ReadsFiles) { WhyNotWidened = wide?.WhyNot };
    }

    private void WriteHeader(MessageBuilder model)
    {
        model.Number(Tags.Model.IrVersion, Math.Max(LowestIrVersion, _model.IrVersion));
        model.Text(Tags.Model.ProducerName, _model.ProducerName);
        model.Text(Tags.Model.ProducerVersion, _model.ProducerVersion);
        model.Text(Tags.Model.Domain, _model.Domain);
        model.Number(Tags.Model.Version, _model.Version);
        MessageBuilder entry = new();
        foreach (OpsetImport opset in _model.Opsets)
        {
            entry.Clear();
            entry.Text(Tags.Opset.Domain, opset.Domain);
            entry.Number(Tags.Opset.Version, opset.Version);
            model.Message(Tags.Model.Opset, entry);
        }
        foreach (ByteRange metadata in _model.MetadataMessages)
            model.Copy(Tags.Model.Metadata, _source, metadata);
    }

    private void WriteNodes(MessageBuilder graph, SegmentSlice slice, WeightWriter tensors, WideSegment? wide)
    {
        MessageBuilder made = new();
        foreach (int position in slice.Nodes)
        {
            Node node = _model.Graph.Nodes[position];
            if (node.Message.Length > LargestBody)
                RefuseLargeBody(node);
            tensors.NoteExternal(node);
            if (wide != null && wide.TryWriteNode(graph, position))
                continue;
            if (node.Message.Exists)
            {
                graph.Copy(Tags.Graph.Node, _source, node.Message);
                continue;
            }
            made.Clear();
            NodeWriter.Write(made, node);
            graph.Message(Tags.Graph.Node, made);
        }
    }

    private static void RefuseLargeBody(Node node)
    {
        long bytes = 0;
        foreach (NodeAttribute attribute in node.Attributes)
        {
            foreach (OnnxGraph body in attribute.Graphs)
                TensorWalk.VisitGraph(body, t => bytes += t.External is null ? t.ByteSize : 0);
        }
        if (bytes > LargestBody)
            throw new ModelException(Rules.BodyTooLarge, bytes.ToString(CultureInfo.InvariantCulture), node.Name);
    }

    private static void WriteInitializers(MessageBuilder graph, SegmentSlice slice, WeightWriter tensors, WideSegment? wide)
    {
        foreach (TensorInfo tensor in slice.Initializers)
            tensors.Write(graph, tensor, wide?.NameOf(tensor, tensor.Name) ?? tensor.Name);
        foreach (SparseTensorInfo tensor in slice.SparseInitializers)
            tensors.WriteSparse(graph, tensor, tensor.Name);
        foreach (Node constant in slice.Constants)
        {
            NodeAttribute value = constant.Attributes[0];
            if (value.Kind == AttributeKind.Tensor)
                tensors.Write(graph, value.Tensors[0], wide?.NameOf(value.Tensors[0], constant.Outputs[0]) ?? constant.Outputs[0]);
            else if (value.Kind == AttributeKind.SparseTensor)
                tensors.WriteSparse(graph, value.SparseTensors[0], constant.Outputs[0]);
            else
                tensors.WriteInline(graph, constant);
        }
    }

    private void WriteValues(MessageBuilder graph, SegmentSlice slice, WideSegment? wide)
    {
        HashSet<string> outside = new(StringComparer.Ordinal);
        foreach (string read in slice.Reads)
            WriteOne(Tags.Graph.Input, read);
        foreach (string write in slice.Writes)
            WriteOne(Tags.Graph.Output, write);
        foreach (ValueInfo value in _model.Graph.ValueInfos)
        {
            if (outside.Contains(value.Name) || !slice.IsInner(value.Name))
                continue;
            if (wide != null)
                wide.WriteValue(graph, value);
            else
                graph.Copy(Tags.Graph.ValueInfo, _source, value.Message);
        }

        void WriteOne(int tag, string name)
        {
            outside.Add(name);
            if (wide?.TypeOf(name) is { } type)
                graph.Message(tag, ValueMessage.Of(name, type));
            else
                WriteCut(graph, tag, slice, name);
        }
    }

    // A value at a segment's border. The model's own inputs and outputs stay as the file has them; inside, what the
    // request says wins: nobody checks the shapes that files state of inner values, until one becomes an input.
    private void WriteCut(MessageBuilder graph, int tag, SegmentSlice slice, string name)
    {
        ValueInfo? value = Index.Value(name);
        bool isModels = value != null && (Index.IsInput(name) || (Index.IsOutput(name) && tag == Tags.Graph.Output));
        if (!isModels && slice.RequestedType(name) is { Element: not ElementType.Undefined } type)
            graph.Message(tag, ValueMessage.Of(name, type));
        else if (isModels || value?.Type is OnnxType.Tensor { Element: not ElementType.Undefined })
            graph.Copy(tag, _source, value!.Message);
        else
            throw slice.Refused("the element type of '" + name + "' is not known, so the graph cannot be cut there");
    }

    private bool HasInitializerAmongInputs()
    {
        HashSet<string> inputs = new(StringComparer.Ordinal);
        foreach (ValueInfo input in _model.Graph.Inputs)
            inputs.Add(input.Name);
        foreach (TensorInfo tensor in _model.Graph.Initializers)
        {
            if (inputs.Contains(tensor.Name))
                return true;
        }
        foreach (SparseTensorInfo tensor in _model.Graph.SparseInitializers)
        {
            if (inputs.Contains(tensor.Name))
                return true;
        }
        return false;
    }

    private long SumWeights()
    {
        long sum = 0;
        foreach (TensorInfo tensor in _model.Graph.Initializers)
            sum += tensor.ByteSize;
        foreach (SparseTensorInfo tensor in _model.Graph.SparseInitializers)
            sum += tensor.Values.ByteSize + tensor.Indices.ByteSize;
        foreach (Node node in _model.Graph.Nodes)
        {
            if (ConstantNode.IsConstant(node))
                TensorWalk.VisitAttributes(node.Attributes, t => sum += t.ByteSize);
        }
        return sum;
    }
}
