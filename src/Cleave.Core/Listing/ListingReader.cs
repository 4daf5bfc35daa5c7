using System;
using System.Collections.Generic;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Listing;

/// <summary>Reads listings (docs/listing.md). What it reads, <see cref="ListingWriter"/> writes again byte for byte.</summary>
internal static class ListingReader
{
    /// <summary>The listing in a text.</summary>
    /// <exception cref="ListingException">The text is no listing, or one of another format.</exception>
    public static ModelListing Read(string text)
    {
        if (!text.StartsWith(ListingWriter.FirstLine + "\n", StringComparison.Ordinal))
            throw new ListingException(1, "'" + ListingWriter.FirstLine + "' is missing");
        ListingScanner scanner = new(text);
        scanner.Number();
        scanner.NextLine();
        ListingOptions options = new();
        About about = new();
        List<string> external = [];
        List<Problem> problems = [];
        GraphSection? section = null;
        string hash = "";
        while (scanner.Depth == 0)
        {
            switch (scanner.Keyword)
            {
                case "options":
                    options = ReadOptions(scanner);
                    continue;
                case "about":
                    about = ReadAbout(scanner);
                    continue;
                case "graph":
                    if (scanner.Word() != ListingWriter.HashVersion)
                        throw scanner.Error("the graph has another version");
                    section = ListingGraphs.ReadSection(scanner);
                    continue;
                case "external":
                    external.Add(scanner.Text());
                    break;
                case "hash":
                    hash = scanner.Text();
                    break;
                case "problem":
                    problems.Add(ReadProblem(scanner));
                    break;
                default:
                    throw scanner.Error("unknown line '" + scanner.Keyword + "'");
            }
            scanner.NextLine();
        }
        if (!scanner.AtEnd)
            throw scanner.Error("the line is indented too far");
        return new ModelListing
        {
            Options = options,
            Model = section is null ? null : about.Describe(section),
            Hash = hash,
            ExternalFiles = external,
            Problems = problems,
        };
    }

    private static Problem ReadProblem(ListingScanner scanner)
    {
        string id = scanner.Word();
        List<string> arguments = [];
        while (scanner.HasField)
            arguments.Add(scanner.Text());
        Rule rule = Rules.Find(id) ?? throw scanner.Error("unknown problem " + id);
        if (arguments.Count < rule.Arguments)
            throw scanner.Error("arguments of the problem are missing");
        return new Problem(rule, [.. arguments]);
    }

    private static ListingOptions ReadOptions(ListingScanner scanner)
    {
        ListingOptions options = new();
        List<KeyValuePair<string, string>> settings = [];
        foreach (string keyword in scanner.Block())
        {
            string value = keyword is "outputs" or "accelerator" ? "" : scanner.Text();
            if (keyword == "setting")
                settings.Add(new KeyValuePair<string, string>(value, scanner.Text()));
            options = keyword switch
            {
                "setting" => options,
                "outputs" => options with { Outputs = scanner.Texts() },
                "accelerator" => options with { Accelerator = scanner.Texts() },
                "source" => options with { Source = value },
                "path" => options with { Path = value },
                "link" => options with { Link = value },
                "namespace" => options with { Namespace = value },
                "class" => options with { ClassName = value },
                "access" => options with { Access = value },
                "slicing" => options with { Slicing = value },
                "weights" => options with { Weights = value },
                "plan" => options with { Plan = value },
                "dims" => options with { Dims = value },
                "validate" => options with { Validate = value },
                "max-slowdown" => options with { MaxSlowdown = value },
                "quantized-from" => options with { QuantizedFrom = value },
                "max-error" => options with { MaxError = value },
                _ => throw scanner.Error("unknown option '" + keyword + "'"),
            };
            scanner.NextLine();
        }
        return options with { Settings = settings };
    }

    private static About ReadAbout(ListingScanner scanner)
    {
        About about = new();
        foreach (string keyword in scanner.Block())
        {
            switch (keyword)
            {
                case "producer":
                    about.ProducerName = scanner.Text();
                    about.ProducerVersion = scanner.Text();
                    break;
                case "doc":
                    about.DocString = scanner.Text();
                    break;
                case "doc-input":
                    about.InputDocs[scanner.Text()] = scanner.Text();
                    break;
                case "doc-output":
                    about.OutputDocs[scanner.Text()] = scanner.Text();
                    break;
                default:
                    throw scanner.Error("unknown line '" + keyword + "'");
            }
            scanner.NextLine();
        }
        return about;
    }

    private sealed class About
    {
        public string ProducerName { get; set; } = "";

        public string ProducerVersion { get; set; } = "";

        public string DocString { get; set; } = "";

        public Dictionary<string, string> InputDocs { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, string> OutputDocs { get; } = new(StringComparer.Ordinal);

        public OnnxModel Describe(GraphSection section) => new()
        {
            IrVersion = section.IrVersion,
            Opsets = section.Opsets,
            Functions = section.Functions,
            Graph = section.Body.Build(InputDocs, OutputDocs),
            ProducerName = ProducerName,
            ProducerVersion = ProducerVersion,
            DocString = DocString,
        };
    }
}
