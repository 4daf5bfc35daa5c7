using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Core.Listing;

/// <summary>Writes listings, and computes the hash of a graph (docs/listing.md).</summary>
internal static class ListingWriter
{
    public const string FirstLine = "cleave-listing 1";
    public const string HashVersion = "h2";

    /// <summary>Writes a listing and returns the graph's hash; "" without a model.</summary>
    public static string Write(ModelListing listing, Stream target)
    {
        using ListingText text = new(target);
        text.Line(FirstLine).End();
        WriteOptions(text, listing.Options);
        string hash = "";
        if (listing.Model is { } model)
        {
            WriteAbout(text, model);
            foreach (string file in listing.ExternalFiles)
                text.Line("external").Text(file).End();
            hash = WriteGraph(text, model);
            text.Line("hash").Text(hash).End();
        }
        foreach (Problem problem in listing.Problems)
        {
            text.Line("problem").Word(problem.Rule.Id);
            foreach (string argument in problem.Arguments)
                text.Text(argument);
            text.End();
        }
        return hash;
    }

    /// <summary>The hash of a model's graph: "h2:" and the SHA-256 of its canonical lines.</summary>
    public static string Hash(OnnxModel model)
    {
        using ListingText text = new(Stream.Null);
        return WriteGraph(text, model);
    }

    private static void WriteOptions(ListingText text, ListingOptions options)
    {
        text.Line("options").End();
        text.Indent();
        Option("source", options.Source);
        Option("path", options.Path);
        Option("namespace", options.Namespace);
        Option("class", options.ClassName);
        Option("access", options.Access);
        Option("slicing", options.Slicing);
        Option("weights", options.Weights);
        Option("plan", options.Plan);
        Option("dims", options.Dims);
        Option("max-slowdown", options.MaxSlowdown);
        Option("quantized-from", options.QuantizedFrom);
        Option("max-error", options.MaxError);
        foreach (KeyValuePair<string, string> setting in options.Settings)
            text.Line("setting").Text(setting.Key).Text(setting.Value).End();
        if (options.Outputs.Count > 0)
            text.Line("outputs").Texts([.. options.Outputs]).End();
        if (options.Accelerator.Count > 0)
            text.Line("accelerator").Texts([.. options.Accelerator]).End();
        text.Unindent();

        void Option(string name, string value)
        {
            if (value.Length > 0)
                text.Line(name).Text(value).End();
        }
    }

    private static void WriteAbout(ListingText text, OnnxModel model)
    {
        text.Line("about").End();
        text.Indent();
        if (model.ProducerName.Length > 0 || model.ProducerVersion.Length > 0)
            text.Line("producer").Text(model.ProducerName).Text(model.ProducerVersion).End();
        if (model.Domain.Length > 0)
            text.Line("domain").Text(model.Domain).End();
        if (model.Version != 0)
            text.Line("version").Number(model.Version).End();
        if (model.DocString.Length > 0)
            text.Line("doc").Text(model.DocString).End();
        foreach (KeyValuePair<string, string> entry in model.Metadata)
            text.Line("metadata").Text(entry.Key).Text(entry.Value).End();
        Docs("doc-input", model.Graph.Inputs);
        Docs("doc-output", model.Graph.Outputs);
        text.Unindent();

        void Docs(string keyword, IReadOnlyList<ValueInfo> values)
        {
            foreach (ValueInfo value in values)
            {
                if (value.DocString.Length > 0)
                    text.Line(keyword).Text(value.Name).Text(value.DocString).End();
            }
        }
    }

    private static string WriteGraph(ListingText text, OnnxModel model)
    {
        text.StartHash();
        text.Line("graph").Word(HashVersion).End();
        text.Indent();
        text.Line("ir").Number(model.IrVersion).End();
        WriteOpsets(text, model.Opsets);
        foreach (ModelFunction function in model.Functions)
            WriteFunction(text, function);
        WriteBody(text, model.Graph);
        text.Unindent();
        return HashVersion + ":" + text.EndHash();
    }

    public static void WriteOpsets(ListingText text, IReadOnlyList<OpsetImport> opsets)
    {
        foreach (OpsetImport opset in opsets.OrderBy(o => o.Domain, StringComparer.Ordinal))
            text.Line("opset").Text(opset.Domain).Number(opset.Version).End();
    }

    private static void WriteFunction(ListingText text, ModelFunction function)
    {
        text.Line("function").Text(function.Domain).Text(function.Name).Text(function.Overload).End();
        text.Indent();
        WriteOpsets(text, function.Opsets);
        text.Line("inputs").Texts(function.Inputs).End();
        text.Line("outputs").Texts(function.Outputs).End();
        text.Line("attributes").Texts(function.Attributes).End();
        WriteAttributes(text, function.DefaultedAttributes);
        WriteValues(text, "value", function.ValueInfos);
        foreach (Node node in function.Nodes)
            WriteNode(text, node);
        text.Unindent();
    }

    private static void WriteBody(ListingText text, OnnxGraph graph)
    {
        WriteValues(text, "input", graph.Inputs);
        WriteValues(text, "output", graph.Outputs);
        WriteValues(text, "value", graph.ValueInfos);
        foreach (TensorInfo tensor in graph.Initializers)
        {
            text.Line("initializer").Text(tensor.Name);
            WriteTensor(text, tensor);
            text.End();
        }
        foreach (SparseTensorInfo sparse in graph.SparseInitializers)
        {
            text.Line("sparse").Text(sparse.Name);
            WriteSparse(text, sparse);
            text.End();
        }
        foreach (Node node in graph.Nodes)
            WriteNode(text, node);
    }

    public static void WriteValues(ListingText text, string keyword, IReadOnlyList<ValueInfo> values)
    {
        foreach (ValueInfo value in values)
        {
            text.Line(keyword).Text(value.Name).Raw(" ");
            WriteType(text, value.Type);
            text.End();
        }
    }

    private static void WriteNode(ListingText text, Node node)
    {
        text.Line("node").Text(node.Name).Text(node.OpType).Text(node.Domain).Texts(node.Inputs).Texts(node.Outputs);
        if (node.Overload.Length > 0)
            text.Text(node.Overload);
        text.End();
        text.Indent();
        if (node.Constant is { } constant && node.Attributes[0].Kind != AttributeKind.Tensor)
            WriteAttribute(text, AsTensor(node.Attributes[0], constant));
        else
            WriteAttributes(text, ConstantNode.IsConstant(node) ? Array.ConvertAll(node.Attributes, a => AsTensor(a, a.AsTensor())) : node.Attributes);
        text.Unindent();
    }

    // A constant's numbers are weights, and training changes them, wherever they stand: written like a tensor.
    private static NodeAttribute AsTensor(NodeAttribute attribute, TensorInfo? tensor) =>
        tensor is null ? attribute : new NodeAttribute(attribute.Name, AttributeKind.Tensor) { Tensors = [tensor] };

    private static void WriteAttributes(ListingText text, NodeAttribute[] attributes)
    {
        if (attributes.Length == 0)
            return;
        bool sorted = true;
        for (int i = 1; i < attributes.Length && sorted; i++)
            sorted = string.CompareOrdinal(attributes[i - 1].Name, attributes[i].Name) <= 0;
        if (!sorted)
            attributes = [.. attributes.OrderBy(a => a.Name, StringComparer.Ordinal)];
        foreach (NodeAttribute attribute in attributes)
            WriteAttribute(text, attribute);
    }

    private static void WriteAttribute(ListingText text, NodeAttribute attribute)
    {
        text.Line("attribute").Text(attribute.Name);
        if (attribute.Reference is { } reference)
        {
            text.Word("reference").Text(reference).Word(KindWord(attribute.Kind)).End();
            return;
        }
        text.Word(KindWord(attribute.Kind));
        switch (attribute.Kind)
        {
            case AttributeKind.Int:
                text.Number(attribute.Ints[0]);
                break;
            case AttributeKind.Ints:
                text.Numbers(attribute.Ints);
                break;
            case AttributeKind.Float:
                text.Raw(" ").RawFloat(attribute.Floats[0]);
                break;
            case AttributeKind.Floats:
                WriteList(text, attribute.Floats, static (t, f) => t.RawFloat(f));
                break;
            case AttributeKind.String:
                text.Raw(" ");
                WriteString(text, attribute.Strings[0]);
                break;
            case AttributeKind.Strings:
                WriteList(text, attribute.Strings, WriteString);
                break;
            case AttributeKind.Tensor:
                WriteTensor(text, attribute.Tensors[0]);
                break;
            case AttributeKind.SparseTensor:
                WriteSparse(text, attribute.SparseTensors[0]);
                break;
            case AttributeKind.Type:
                text.Raw(" ");
                WriteType(text, attribute.Types[0]);
                break;
        }
        text.End();
        WriteBlocks(text, attribute);
    }

    // What does not fit on the attribute's own line.
    private static void WriteBlocks(ListingText text, NodeAttribute attribute)
    {
        text.Indent();
        switch (attribute.Kind)
        {
            case AttributeKind.Graph:
                WriteBody(text, attribute.Graphs[0]);
                break;
            case AttributeKind.Graphs:
                foreach (OnnxGraph graph in attribute.Graphs)
                {
                    text.Line("body").End();
                    text.Indent();
                    WriteBody(text, graph);
                    text.Unindent();
                }
                break;
            case AttributeKind.Tensors:
                foreach (TensorInfo tensor in attribute.Tensors)
                {
                    text.Line("tensor");
                    WriteTensor(text, tensor);
                    text.End();
                }
                break;
            case AttributeKind.SparseTensors:
                foreach (SparseTensorInfo sparse in attribute.SparseTensors)
                {
                    text.Line("sparse");
                    WriteSparse(text, sparse);
                    text.End();
                }
                break;
            case AttributeKind.Types:
                foreach (OnnxType type in attribute.Types)
                {
                    text.Line("type").Raw(" ");
                    WriteType(text, type);
                    text.End();
                }
                break;
        }
        text.Unindent();
    }

    private static void WriteTensor(ListingText text, TensorInfo tensor)
    {
        text.Word(tensor.Element.Word()).Numbers(tensor.Dims).Number(tensor.ByteSize);
        if (tensor.Integers is { } integers)
            text.Word("values").Numbers(integers);
        else if (tensor.Floats is { } floats)
            WriteList(text.Word("values"), floats, static (t, f) => t.RawFloat(f));
    }

    private static void WriteSparse(ListingText text, SparseTensorInfo sparse) =>
        text.Word(sparse.Values.Element.Word()).Numbers(sparse.Dims)
            .Number(sparse.Values.Dims.Length > 0 ? sparse.Values.Dims[0] : 0);

    private static void WriteString(ListingText text, AttributeText value)
    {
        if (value.Text is { } s)
            text.RawText(s);
        else
            text.Raw("bytes(").RawNumber(value.ByteLength).Raw(")");
    }

    private static void WriteType(ListingText text, OnnxType type)
    {
        switch (type)
        {
            case OnnxType.Tensor tensor:
                text.Raw("tensor ").Raw(tensor.Element.Word());
                WriteShape(text, tensor.Shape);
                break;
            case OnnxType.SparseTensor sparse:
                text.Raw("sparse ").Raw(sparse.Element.Word());
                WriteShape(text, sparse.Shape);
                break;
            case OnnxType.Sequence sequence:
                Wrap("sequence(", sequence.Element);
                break;
            case OnnxType.Optional optional:
                Wrap("optional(", optional.Element);
                break;
            case OnnxType.Map map:
                text.Raw("map(").Raw(map.Key.Word()).Raw(",");
                WriteType(text, map.Value);
                text.Raw(")");
                break;
            case OnnxType.Opaque opaque:
                text.Raw("opaque(").RawText(opaque.Domain).Raw(",").RawText(opaque.Name).Raw(")");
                break;
            default:
                text.Raw("unknown");
                break;
        }

        void Wrap(string open, OnnxType element)
        {
            text.Raw(open);
            WriteType(text, element);
            text.Raw(")");
        }
    }

    private static void WriteShape(ListingText text, Dimension[]? shape)
    {
        if (shape is null)
        {
            text.Raw(" *");
            return;
        }
        WriteList(text, shape, static (t, d) =>
        {
            if (d.Value is { } value)
                t.RawNumber(value);
            else if (d.Name is { } name)
                t.RawText(name);
            else
                t.Raw("?");
        });
    }

    private static void WriteList<T>(ListingText text, T[] items, Action<ListingText, T> write)
    {
        text.Raw(" [");
        for (int i = 0; i < items.Length; i++)
        {
            if (i > 0)
                text.Raw(",");
            write(text, items[i]);
        }
        text.Raw("]");
    }

    internal static string KindWord(AttributeKind kind) => kind switch
    {
        AttributeKind.Float => "float",
        AttributeKind.Int => "int",
        AttributeKind.String => "string",
        AttributeKind.Tensor => "tensor",
        AttributeKind.Graph => "graph",
        AttributeKind.Floats => "floats",
        AttributeKind.Ints => "ints",
        AttributeKind.Strings => "strings",
        AttributeKind.Tensors => "tensors",
        AttributeKind.Graphs => "graphs",
        AttributeKind.SparseTensor => "sparse",
        AttributeKind.SparseTensors => "sparses",
        AttributeKind.Type => "type",
        AttributeKind.Types => "types",
        _ => "undefined",
    };
}
