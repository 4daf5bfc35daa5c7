using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Onnx.Widening;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Cleave.Sources;
using Cleave.Tool.Rewriting;
using Google.Protobuf;

namespace Cleave.Tool.Running;

/// <summary>A model that is cut and compared: opened once, kept open.</summary>
internal sealed class ModelUnderTest : IDisposable
{
    private const long MostCopied = 256L << 20;

    private static readonly HashSet<string> RandomOperatorTypes =
        ["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"];

    private readonly string _given;
    private readonly ByteSource _source;
    private readonly SubModelWriter _writer;
    private readonly WeightMode _weights;

    /// <param name="path">The model's file.</param>
    /// <param name="outputs">The values asked for; none is the model's outputs.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ModelException">There is no usable model, or a value cannot be asked for.</exception>
    public ModelUnderTest(string path, IReadOnlyList<string>? outputs = null, CancellationToken cancellationToken = default)
    {
        // ONNX Runtime refuses links that leave the folder, so they are resolved first.
        Path = ModelLocation.FinalTarget(path);
        _given = path;
        ByteSource? source = null;
        try
        {
            _source = source = ByteSource.OpenFile(Path);
            OnnxModel model = ModelReader.Read(_source, cancellationToken);
            Graph = PlanGraphBuilder.Build(ShapeInference.Infer(model), Checked(model, outputs));
            _writer = new SubModelWriter(model, _source, Path);
            bool external = model.Graph.Initializers.Any(t => t.Storage == Storage.External);
            _weights = external || _writer.WeightBytes > MostCopied ? WeightMode.Map : WeightMode.Copy;
        }
        catch (Exception e)
        {
            Name(e);
            source?.Dispose();
            throw;
        }
        (RandomOperators, IsQuantised, HasShortFloats) = Look(Graph);
    }

    private ModelUnderTest(ModelUnderTest other, IReadOnlyList<RecurrentSplit> splits)
    {
        _given = other._given;
        Path = other.Path;
        _source = other._source;
        _weights = other._weights;
        IsTakenApart = true;
        Graph = PlanGraphBuilder.Build(ShapeInference.Infer(RecurrentRewriter.Apply(other.Graph.Model, [.. splits])), other.Graph.Outputs);
        _writer = new SubModelWriter(Graph.Model, _source, Path);
        (RandomOperators, IsQuantised, HasShortFloats) = Look(Graph);
    }

    private static (IReadOnlyList<string> Random, bool IsQuantised, bool HasShortFloats) Look(PlanGraph graph)
    {
        List<Node> nodes = [.. AllNodes(graph.Model)];
        string[] random = [.. nodes.Where(n => n.Domain.Length == 0 && RandomOperatorTypes.Contains(n.OpType)).Select(n => n.OpType).Distinct().Order(StringComparer.Ordinal)];
        bool isQuantised = nodes.Any(n => n.OpType.Contains("Quant", StringComparison.Ordinal) || n.OpType.StartsWith("QLinear", StringComparison.Ordinal)
            || n.OpType is "MatMulInteger" or "ConvInteger" || RoundsRows(n));
        return (random, isQuantised, graph.Facts.Values.Values.Any(v => IsShortFloat(v.Element)) || nodes.Any(CastsToShortFloat));
    }

    public string Path { get; }

    public string Folder => System.IO.Path.GetDirectoryName(Path)!;

    public PlanGraph Graph { get; }

    /// <summary>The file's metadata under a key, however long; null where it has none.</summary>
    public string? Metadata(string key) => WholeMetadata.Of(Graph.Model, _source, key);

    public SmallConstants Constants => new(Graph, _source);

    /// <summary>Operators that give something else at every call.</summary>
    public IReadOnlyList<string> RandomOperators { get; }

    /// <summary>Whether values are rounded to a few bits, so that one that is rounded in the other direction moves what follows by a step.</summary>
    public bool IsQuantised { get; }

    /// <summary>
    /// Whether there are floats of 16 bits or less. ONNX Runtime computes them in 32 bits where it has no kernel, and leaves out the
    /// rounding between two such operators, but not at a cut.
    /// </summary>
    public bool HasShortFloats { get; }

    /// <summary>The file with the chosen outputs added to its own; null where they are among its own.</summary>
    /// <exception cref="RewriteException">The file is too large for one message.</exception>
    public byte[]? WithChosenOutputs()
    {
        string[] added = [.. Graph.Outputs.Where(o => !Graph.Index.IsOutput(o))];
        if (added.Length == 0)
            return null;
        ModelProto file = Read();
        // ONNX Runtime finds the type itself.
        file.Graph.Output.Add(added.Select(o => new ValueInfoProto { Name = o }));
        return file.ToByteArray();
    }

    /// <summary>The file, to be changed.</summary>
    /// <exception cref="RewriteException">It is too large for one message.</exception>
    public ModelProto Read() => ModelMessage.Read(Path);

    /// <summary>The model with its recurrent nodes taken apart. It reads the file that this one has open, and is not disposed of.</summary>
    /// <exception cref="ModelException">A split names no node that can be split.</exception>
    public ModelUnderTest TakenApart(IReadOnlyList<RecurrentSplit> splits) => new(this, splits);

    /// <summary>Whether other nodes compute its values than those of the file: then results are equal within the tolerance, not bit by bit.</summary>
    public bool IsTakenApart { get; }

    /// <param name="request">The segment.</param>
    /// <param name="halves">The model's floats of 16 bits where they are computed in 32; null: as published.</param>
    /// <param name="weights">How it holds its weights; null: mapped where they are many.</param>
    public SubModel Write(SegmentRequest request, HalfFloats? halves = null, WeightMode? weights = null)
    {
        try
        {
            return _writer.Write(request, weights ?? _weights, halves);
        }
        catch (ModelException e)
        {
            Name(e);
            throw;
        }
    }

    public void Dispose() => _source.Dispose();

    // As the user spelled it, of several models that a command has open the right one.
    private void Name(Exception problem)
    {
        if (problem is ModelException e)
            e.Path = _given;
    }

    private static IReadOnlyList<string>? Checked(OnnxModel model, IReadOnlyList<string>? outputs)
    {
        if (outputs is not { Count: > 0 })
            return null;
        List<Problem> problems = [];
        return ModelPart.For(model, outputs, problems) is { } part ? part.Outputs : throw new ModelException(problems[0]);
    }

    /// <summary>A float of 16 bits or less.</summary>
    public static bool IsShortFloat(ElementType type) => type is ElementType.Float16 or ElementType.BFloat16
        or (>= ElementType.Float8E4M3FN and <= ElementType.Float8E5M2FNUZ) or ElementType.Float4E2M1 or ElementType.Float8E8M0;

    // ONNX Runtime's product with packed weights rounds its input to bytes at this level of accuracy only.
    private static bool RoundsRows(Node node) => node.OpType == "MatMulNBits" && node.Attributes.Any(static a => a.Name == "accuracy_level" && a.Ints is [4]);

    private static bool CastsToShortFloat(Node node) => node.OpType == "Cast"
        && node.Attributes.Any(a => a.Name == "to" && a.Ints.Length == 1 && a.Ints[0] is > 0 and < 100 && IsShortFloat((ElementType)a.Ints[0]));

    private static IEnumerable<Node> AllNodes(OnnxModel model)
    {
        Stack<IReadOnlyList<Node>> open = new([model.Graph.Nodes, .. model.Functions.Select(f => f.Nodes)]);
        while (open.Count > 0)
        {
            foreach (Node node in open.Pop())
            {
                yield return node;
                foreach (OnnxGraph body in node.Attributes.SelectMany(a => a.Graphs))
                    open.Push(body.Nodes);
            }
        }
    }
}
