using System;
using System.Collections.Generic;
using System.Linq;
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
        ListingScanner scanner = new(text.Substring(ListingWriter.FirstLine.Length + 1));
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
                    section = ReadGraph(scanner);
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
        return new Problem(rule, [.. arguments]);
    }

    private static ListingOptions ReadOptions(ListingScanner scanner)
    {
        ListingOptions options = new();
        foreach (string keyword in Block(scanner))
        {
            string value = scanner.Text();
            options = keyword switch
            {
                "source" => options with { Source = value },
                "path" => options with { Path = value },
                "namespace" => options with { Namespace = value },
                "class" => options with { ClassName = value },
                "access" => options with { Access = value },
                "slicing" => options with { Slicing = value },
                "weights" => options with { Weights = value },
                _ => throw scanner.Error("unknown option '" + keyword + "'"),
            };
            scanner.NextLine();
        }
        return options;
    }

    private static About ReadAbout(ListingScanner scanner)
    {
        About about = new();
        foreach (string keyword in Block(scanner))
        {
            switch (keyword)
            {
                case "producer":
                    about.ProducerName = scanner.Text();
                    about.ProducerVersion = scanner.Text();
                    break;
                case "domain":
                    about.Domain = scanner.Text();
                    break;
                case "version":
                    about.Version = scanner.Number();
                    break;
                case "doc":
                    about.DocString = scanner.Text();
                    break;
                case "metadata":
                    about.Metadata.Add(new KeyValuePair<string, string>(scanner.Text(), scanner.Text()));
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

    private static GraphSection ReadGraph(ListingScanner scanner)
    {
        GraphSection section = new();
        GraphBuilder body = new();
        foreach (string keyword in Block(scanner))
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
        foreach (string keyword in Block(scanner))
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
                    defaults.Add(ReadAttribute(scanner));
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

    private static OnnxGraph ReadBody(ListingScanner scanner)
    {
        GraphBuilder body = new();
        foreach (string keyword in Block(scanner))
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
                body.Initializers.Add(ReadTensor(scanner, scanner.Text()));
                break;
            case "sparse":
                body.SparseInitializers.Add(ReadSparse(scanner, scanner.Text()));
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
        return new ValueInfo(name, ReadType(scanner));
    }

    private static TensorInfo ReadTensor(ListingScanner scanner, string name)
    {
        ElementType element = ReadElement(scanner, scanner.Word());
        return new TensorInfo(name, element, scanner.Numbers()) { ByteSize = scanner.Number() };
    }

    private static SparseTensorInfo ReadSparse(ListingScanner scanner, string name)
    {
        ElementType element = ReadElement(scanner, scanner.Word());
        long[] dims = scanner.Numbers();
        long[] stored = [scanner.Number()];
        return new SparseTensorInfo(new TensorInfo(name, element, stored), new TensorInfo("", ElementType.Int64, stored), dims);
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
        foreach (string keyword in Block(scanner))
        {
            if (keyword != "attribute")
                throw scanner.Error("unknown line '" + keyword + "'");
            (attributes ??= []).Add(ReadAttribute(scanner));
        }
        return new Node(name, opType, domain, inputs, outputs, attributes?.ToArray() ?? []) { Overload = overload };
    }

    // Reads an attribute with what is below it, and goes to the next line.
    private static NodeAttribute ReadAttribute(ListingScanner scanner)
    {
        string name = scanner.Text();
        string word = scanner.Word();
        if (word == "reference")
        {
            string reference = scanner.Text();
            AttributeKind referred = KindOf(scanner, scanner.Word());
            scanner.NextLine();
            return new NodeAttribute(name, referred) { Reference = reference };
        }
        AttributeKind kind = KindOf(scanner, word);
        switch (kind)
        {
            case AttributeKind.Int:
                return Then(new NodeAttribute(name, kind) { Ints = [scanner.Number()] });
            case AttributeKind.Ints:
                return Then(new NodeAttribute(name, kind) { Ints = scanner.Numbers() });
            case AttributeKind.Float:
                scanner.Space();
                return Then(new NodeAttribute(name, kind) { Floats = [scanner.BareFloat()] });
            case AttributeKind.Floats:
                return Then(new NodeAttribute(name, kind) { Floats = [.. scanner.List(s => s.BareFloat())] });
            case AttributeKind.String:
                scanner.Space();
                return Then(new NodeAttribute(name, kind) { Strings = [ReadString(scanner)] });
            case AttributeKind.Strings:
                return Then(new NodeAttribute(name, kind) { Strings = [.. scanner.List(ReadString)] });
            case AttributeKind.Tensor:
                return Then(new NodeAttribute(name, kind) { Tensors = [ReadTensor(scanner, "")] });
            case AttributeKind.SparseTensor:
                return Then(new NodeAttribute(name, kind) { SparseTensors = [ReadSparse(scanner, "")] });
            case AttributeKind.Type:
                scanner.Space();
                return Then(new NodeAttribute(name, kind) { Types = [ReadType(scanner)] });
            case AttributeKind.Graph:
                return new NodeAttribute(name, kind) { Graphs = [ReadBody(scanner)] };
            case AttributeKind.Graphs:
                return new NodeAttribute(name, kind) { Graphs = [.. Lines(scanner, "body", ReadBody, advances: true)] };
            case AttributeKind.Tensors:
                return new NodeAttribute(name, kind) { Tensors = [.. Lines(scanner, "tensor", s => ReadTensor(s, ""))] };
            case AttributeKind.SparseTensors:
                return new NodeAttribute(name, kind) { SparseTensors = [.. Lines(scanner, "sparse", s => ReadSparse(s, ""))] };
            case AttributeKind.Types:
                return new NodeAttribute(name, kind) { Types = [.. Lines(scanner, "type", ReadTypeField)] };
            default:
                return Then(new NodeAttribute(name, kind));
        }

        NodeAttribute Then(NodeAttribute attribute)
        {
            scanner.NextLine();
            return attribute;
        }
    }

    private static List<T> Lines<T>(ListingScanner scanner, string expected, Func<ListingScanner, T> read, bool advances = false)
    {
        List<T> items = [];
        foreach (string keyword in Block(scanner))
        {
            if (keyword != expected)
                throw scanner.Error("unknown line '" + keyword + "'");
            items.Add(read(scanner));
            if (!advances)
                scanner.NextLine();
        }
        return items;
    }

    // The keywords of the lines below the current one; whoever reads a line goes to the next.
    private static IEnumerable<string> Block(ListingScanner scanner)
    {
        int depth = scanner.Depth + 1;
        scanner.NextLine();
        while (scanner.Depth == depth)
            yield return scanner.Keyword;
        if (scanner.Depth > depth)
            throw scanner.Error("the line is indented too far");
    }

    private static AttributeText ReadString(ListingScanner scanner)
    {
        if (scanner.Sees('"'))
        {
            string text = scanner.Quoted();
            return new AttributeText(text, System.Text.Encoding.UTF8.GetByteCount(text));
        }
        if (scanner.BareWord() != "bytes")
            throw scanner.Error("a text is missing");
        scanner.Take('(');
        long length = scanner.BareNumber();
        scanner.Take(')');
        return new AttributeText(null, length);
    }

    private static OnnxType ReadTypeField(ListingScanner scanner)
    {
        scanner.Space();
        return ReadType(scanner);
    }

    private static OnnxType ReadType(ListingScanner scanner)
    {
        string word = scanner.BareWord();
        switch (word)
        {
            case "unknown":
                return OnnxType.Unknown.Instance;
            case "tensor":
                return new OnnxType.Tensor(ReadElement(scanner, scanner.Word()), ReadShape(scanner));
            case "sparse":
                return new OnnxType.SparseTensor(ReadElement(scanner, scanner.Word()), ReadShape(scanner));
        }
        scanner.Take('(');
        OnnxType type;
        switch (word)
        {
            case "sequence":
                type = new OnnxType.Sequence(ReadType(scanner));
                break;
            case "optional":
                type = new OnnxType.Optional(ReadType(scanner));
                break;
            case "map":
                ElementType key = ReadElement(scanner, scanner.BareWord());
                scanner.Take(',');
                type = new OnnxType.Map(key, ReadType(scanner));
                break;
            case "opaque":
                string domain = scanner.Quoted();
                scanner.Take(',');
                type = new OnnxType.Opaque(domain, scanner.Quoted());
                break;
            default:
                throw scanner.Error("unknown type '" + word + "'");
        }
        scanner.Take(')');
        return type;
    }

    private static Dimension[]? ReadShape(ListingScanner scanner)
    {
        scanner.Space();
        if (scanner.TryTake('*'))
            return null;
        scanner.Take('[');
        List<Dimension> shape = [];
        if (scanner.TryTake(']'))
            return [];
        do
        {
            if (scanner.TryTake('?'))
                shape.Add(Dimension.Unknown);
            else if (scanner.Sees('"'))
                shape.Add(Dimension.Named(scanner.Quoted()));
            else
                shape.Add(Dimension.Fixed(scanner.BareNumber()));
        }
        while (scanner.TryTake(','));
        scanner.Take(']');
        return [.. shape];
    }

    private static ElementType ReadElement(ListingScanner scanner, string word) =>
        ElementTypesByWord.TryGetValue(word, out ElementType type) ? type : throw scanner.Error("unknown element type '" + word + "'");

    private static AttributeKind KindOf(ListingScanner scanner, string word) =>
        KindsByWord.TryGetValue(word, out AttributeKind kind) ? kind : throw scanner.Error("unknown kind '" + word + "'");

    private static readonly Dictionary<string, ElementType> ElementTypesByWord =
        Enumerable.Range(0, (int)ElementType.Int2 + 1).ToDictionary(n => ((ElementType)n).Word(), n => (ElementType)n, StringComparer.Ordinal);

    private static readonly Dictionary<string, AttributeKind> KindsByWord =
        Enumerable.Range(0, (int)AttributeKind.Types + 1).ToDictionary(n => ListingWriter.KindWord((AttributeKind)n), n => (AttributeKind)n, StringComparer.Ordinal);

    private sealed class GraphBuilder
    {
        public List<ValueInfo> Inputs { get; } = [];

        public List<ValueInfo> Outputs { get; } = [];

        public List<ValueInfo> ValueInfos { get; } = [];

        public List<TensorInfo> Initializers { get; } = [];

        public List<SparseTensorInfo> SparseInitializers { get; } = [];

        public List<Node> Nodes { get; } = [];

        public OnnxGraph Build(Dictionary<string, string>? inputDocs = null, Dictionary<string, string>? outputDocs = null) => new()
        {
            Inputs = Documented(Inputs, inputDocs),
            Outputs = Documented(Outputs, outputDocs),
            ValueInfos = ValueInfos,
            Initializers = Initializers,
            SparseInitializers = SparseInitializers,
            Nodes = Nodes,
        };

        private static List<ValueInfo> Documented(List<ValueInfo> values, Dictionary<string, string>? docs) =>
            docs is null || docs.Count == 0
                ? values
                : values.ConvertAll(v => docs.TryGetValue(v.Name, out string? doc) ? new ValueInfo(v.Name, v.Type) { DocString = doc } : v);
    }

    private sealed class GraphSection
    {
        public long IrVersion { get; set; }

        public List<OpsetImport> Opsets { get; } = [];

        public List<ModelFunction> Functions { get; } = [];

        public GraphBuilder Body { get; set; } = new();
    }

    private sealed class About
    {
        public string ProducerName { get; set; } = "";

        public string ProducerVersion { get; set; } = "";

        public string Domain { get; set; } = "";

        public long Version { get; set; }

        public string DocString { get; set; } = "";

        public List<KeyValuePair<string, string>> Metadata { get; } = [];

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
            Domain = Domain,
            Version = Version,
            DocString = DocString,
            Metadata = Metadata,
        };
    }
}
