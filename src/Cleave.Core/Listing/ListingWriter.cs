using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

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
        Option("link", options.Link);
        Option("namespace", options.Namespace);
        Option("class", options.ClassName);
        Option("access", options.Access);
        Option("slicing", options.Slicing);
        Option("weights", options.Weights);
        Option("plan", options.Plan);
        Option("dims", options.Dims);
        Option("validate", options.Validate);
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

    // What the generated code shows. Metadata, domain and version are left out: exporters write dates and runs there, and a retrained model would be compiled again.
    private static void WriteAbout(ListingText text, OnnxModel model)
    {
        text.Line("about").End();
        text.Indent();
        if (model.ProducerName.Length > 0 || model.ProducerVersion.Length > 0)
            text.Line("producer").Text(model.ProducerName).Text(model.ProducerVersion).End();
        if (model.DocString.Length > 0)
            text.Line("doc").Text(model.DocString).End();
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
        ListingAttributes.Write(text, function.DefaultedAttributes);
        WriteValues(text, "value", function.ValueInfos);
        foreach (Node node in function.Nodes)
            WriteNode(text, node);
        text.Unindent();
    }

    public static void WriteBody(ListingText text, OnnxGraph graph)
    {
        WriteValues(text, "input", graph.Inputs);
        WriteValues(text, "output", graph.Outputs);
        WriteValues(text, "value", graph.ValueInfos);
        foreach (TensorInfo tensor in graph.Initializers)
        {
            text.Line("initializer").Text(tensor.Name);
            ListingTypes.WriteTensor(text, tensor);
            text.End();
        }
        foreach (SparseTensorInfo sparse in graph.SparseInitializers)
        {
            text.Line("sparse").Text(sparse.Name);
            ListingTypes.WriteSparse(text, sparse);
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
            ListingTypes.WriteType(text, value.Type);
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
        ListingAttributes.WriteOf(text, node);
        text.Unindent();
    }
}
