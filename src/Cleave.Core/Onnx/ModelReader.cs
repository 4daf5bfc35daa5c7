using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>
/// Reads a model without its weights. Memory and time grow with the graph, not with the file; whatever
/// the file holds, the result is a model whose names are sound, or a <see cref="ModelException"/>.
/// </summary>
internal sealed class ModelReader
{
    /// <summary>Levels of graphs in graphs, and of types in types.</summary>
    public const int DeepestNesting = 64;

    private readonly WireReader _wire;
    private readonly GraphReader _graph;
    private readonly OpsetReader _opsets;
    private readonly List<KeyValuePair<string, string>> _metadata = [];
    private readonly List<ByteRange> _metadataMessages = [];
    private readonly List<ModelFunction> _functions = [];
    private FunctionReader? _function;
    private long _irVersion;
    private long _version;
    private string _producerName = "";
    private string _producerVersion = "";
    private string _domain = "";
    private string _docString = "";
    private bool _hasGraph;

    private ModelReader(WireReader wire)
    {
        _wire = wire;
        _graph = new GraphReader(wire, 1);
        _opsets = new OpsetReader(wire);
    }

    /// <summary>The model in <paramref name="source"/>.</summary>
    /// <exception cref="ModelException">There is no usable model; the problem says why.</exception>
    public static OnnxModel Read(ByteSource source, CancellationToken cancellation)
    {
        FileKind.RefuseWithoutReading(source);
        ModelReader reader = new(new WireReader(source, cancellation));
        OnnxModel model;
        try
        {
            reader.ReadFields();
            model = reader.Build();
        }
        catch (ModelException e) when (reader.IsOtherFormat(e.Problem.Rule))
        {
            throw FileKind.NotOnnx(source, e);
        }
        GraphCheck.Check(model);
        ShapeConstants.Keep(model, reader._wire);
        return model;
    }

    /// <summary>The model in a file, which is closed again.</summary>
    /// <exception cref="ModelException">There is no usable model; the problem says why.</exception>
    public static OnnxModel ReadFile(string path, CancellationToken cancellation = default)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        try
        {
            return Read(source, cancellation);
        }
        catch (ModelException e)
        {
            e.Path = path;
            throw;
        }
    }

    /// <summary>ONNX's own operators have two spellings.</summary>
    public static string Domain(string domain) => domain == "ai.onnx" ? "" : domain;

    public static ModelException NestedTooDeep() =>
        new(Rules.NestedTooDeep, DeepestNesting.ToString(CultureInfo.InvariantCulture));

    // Text and other formats can pass for a few fields of protobuf, but hardly for a graph of an IR version, or for nodes.
    private bool IsOtherFormat(Rule broken)
    {
        bool looksLikeOnnx = _graph.HasNodes || (_hasGraph && _irVersion is > 0 and < 1000);
        return broken == Rules.NotOnnx || (!looksLikeOnnx && (broken == Rules.Malformed || broken == Rules.Truncated));
    }

    private void ReadFields()
    {
        while (_wire.Next())
        {
            switch (_wire.Tag)
            {
                case Tags.Model.IrVersion:
                    _irVersion = _wire.Int64();
                    break;
                case Tags.Model.ProducerName:
                    _producerName = _wire.Prose();
                    break;
                case Tags.Model.ProducerVersion:
                    _producerVersion = _wire.Prose();
                    break;
                case Tags.Model.Domain:
                    _domain = _wire.Prose();
                    break;
                case Tags.Model.Version:
                    _version = _wire.Int64();
                    break;
                case Tags.Model.DocString:
                    _docString = _wire.Prose();
                    break;
                case Tags.Model.Graph:
                    _hasGraph = true;
                    _graph.Read();
                    break;
                case Tags.Model.Opset:
                    _opsets.Read();
                    break;
                case Tags.Model.Metadata:
                    ReadMetadata();
                    break;
                case Tags.Model.Function:
                    _function ??= new FunctionReader(_wire);
                    _functions.Add(_function.Read());
                    break;
                default:
                    _wire.Skip();
                    break;
            }
        }
    }

    private void ReadMetadata()
    {
        (string key, string value, ByteRange message) = _wire.Entry();
        _metadata.Add(new KeyValuePair<string, string>(key, value));
        _metadataMessages.Add(message);
    }

    private OnnxModel Build()
    {
        if (!_hasGraph)
            throw new ModelException(Rules.NotOnnx, "it has no graph");
        if (_irVersion <= 0)
            throw new ModelException(Rules.NotOnnx, "it has no IR version");
        OpsetImport[] opsets = _opsets.Take();
        // Before IR 3, models could leave it out: then it is 1.
        if (opsets.Length == 0 && _irVersion < 3)
            opsets = [new OpsetImport("", 1)];
        if (opsets.Length == 0)
            throw new ModelException(Rules.NotOnnx, "it imports no operator set");
        return new OnnxModel
        {
            IrVersion = _irVersion,
            Opsets = opsets,
            ProducerName = _producerName,
            ProducerVersion = _producerVersion,
            Domain = _domain,
            Version = _version,
            DocString = _docString,
            Metadata = _metadata.ToArray(),
            MetadataMessages = _metadataMessages.ToArray(),
            Functions = _functions.ToArray(),
            Graph = _graph.Build(),
        };
    }
}
