using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Listing;

/// <summary>Reads the graph of a listing: the model's, functions and bodies.</summary>
internal static class ListingGraphs
{
    public static GraphSection ReadSection(ListingScanner scanner)
    {
        GraphSection section = new();
        GraphBuilder body = new();
        foreach (string keyword in scanner.Block())
        {
            switch (keyword)
            {
                case "ir":
                    section.IrVersion = scanner.Number();
                    scanner.NextLine();
                    break;
                case "opset":
                    section.Opsets.Add(ReadOpset(scanner));
                    scanner.NextLine();
                    break;
                case "function":
                    section.Functions.Add(ReadFunction(scanner));
                    break;
                default:
                    ReadBodyLine(scanner, keyword, body);
                    break;
            }
        }
        section.Body = body;
        return section;
    }

    private static OpsetImport ReadOpset(ListingScanner scanner) => new(scanner.Text(), scanner.Number());

    private static ModelFunction ReadFunction(ListingScanner scanner)
    {
        string domain = scanner.Text();
        string name = scanner.Text();
        string overload = scanner.Text();
        string[] inputs = [], outputs = [], attributes = [];
        List<OpsetImport> opsets = [];
        List<NodeAttribute> defaults = [];
        GraphBuilder body = new();
        foreach (string keyword in scanner.Block())
        {
            switch (keyword)
            {
                case "opset":
                    opsets.Add(ReadOpset(scanner));
                    break;
                case "inputs":
                    inputs = scanner.Texts();
                    break;
                case "outputs":
                    outputs = scanner.Texts();
                    break;
                case "attributes":
                    attributes = scanner.Texts();
                    break;
                case "attribute":
                    defaults.Add(ListingAttributes.Read(scanner));
                    continue;
                default:
                    ReadBodyLine(scanner, keyword, body);
                    continue;
            }
            scanner.NextLine();
        }
        return new ModelFunction
        {
            Domain = domain,
            Name = name,
            Overload = overload,
            Inputs = inputs,
            Outputs = outputs,
            Attributes = attributes,
            DefaultedAttributes = [.. defaults],
            Opsets = opsets,
            ValueInfos = body.ValueInfos,
            Nodes = body.Nodes,
        };
    }

    public static OnnxGraph ReadBody(ListingScanner scanner)
    {
        GraphBuilder body = new();
        foreach (string keyword in scanner.Block())
            ReadBodyLine(scanner, keyword, body);
        return body.Build();
    }

    // Reads one line of a graph with what is below it, and goes to the next.
    private static void ReadBodyLine(ListingScanner scanner, string keyword, GraphBuilder body)
    {
        switch (keyword)
        {
            case "input":
                body.Inputs.Add(ReadValue(scanner));
                break;
            case "output":
                body.Outputs.Add(ReadValue(scanner));
                break;
            case "value":
                body.ValueInfos.Add(ReadValue(scanner));
                break;
            case "initializer":
                body.Initializers.Add(ListingTypes.ReadTensor(scanner, scanner.Text()));
                break;
            case "sparse":
                body.SparseInitializers.Add(ListingTypes.ReadSparse(scanner, scanner.Text()));
                break;
            case "node":
                body.Nodes.Add(ReadNode(scanner));
                return;
            default:
                throw scanner.Error("unknown line '" + keyword + "'");
        }
        scanner.NextLine();
    }

    private static ValueInfo ReadValue(ListingScanner scanner)
    {
        string name = scanner.Text();
        scanner.Space();
        return new ValueInfo(name, ListingTypes.ReadType(scanner));
    }

    private static Node ReadNode(ListingScanner scanner)
    {
        string name = scanner.Text();
        string opType = scanner.Text();
        string domain = scanner.Text();
        string[] inputs = scanner.Texts();
        string[] outputs = scanner.Texts();
        string overload = scanner.HasField ? scanner.Text() : "";
        List<NodeAttribute>? attributes = null;
        foreach (string keyword in scanner.Block())
        {
            if (keyword != "attribute")
                throw scanner.Error("unknown line '" + keyword + "'");
            (attributes ??= []).Add(ListingAttributes.Read(scanner, domain, opType));
        }
        return new Node(name, opType, domain, inputs, outputs, attributes?.ToArray() ?? []) { Overload = overload };
    }
}
