using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Onnx.Widening;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Logging;
using Cleave.Sources;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Sessions;

/// <summary>Cuts the sub-models of one opened model out of the file that is held. Not thread-safe.</summary>
internal sealed class SubModels
{
    /// <summary>The configuration entry that says where external data of a model lies that is opened from memory.</summary>
    public const string FolderKey = "session.model_external_initializers_file_folder_path";

    private readonly OpenedModel _model;
    private readonly SubModelWriter _writer;
    // By how recurrent nodes are taken apart.
    private readonly Dictionary<string, SubModelWriter> _rewritten = new(StringComparer.Ordinal);
    private readonly string? _folder;
    private readonly string? _target;
    private readonly string[] _outputs;
    private readonly MappingCount _mappings;
    private readonly ILogger _logger;
    // Of the plan that was cut last: its segments are cut one after another.
    private PlanNodes? _nodes;

    /// <param name="model">The model.</param>
    /// <param name="outputs">What its runner gives: the model's outputs, or those chosen instead.</param>
    /// <param name="files">Where the limit of mappings stands.</param>
    /// <param name="logger">Gets a warning where that limit matters.</param>
    public SubModels(OpenedModel model, string[] outputs, ProcessFiles files, ILogger logger)
    {
        _outputs = outputs;
        _model = model;
        _mappings = new MappingCount(files);
        _logger = logger;
        string? target = model.Path is { } path ? Target(path, model.HasExternalData) : null;
        _target = target;
        _folder = Path.GetDirectoryName(target);
        _writer = new SubModelWriter(model.Model, model.Bytes, target);
    }

    public long WeightBytes => _writer.WeightBytes;

    /// <summary>The bytes of the weights that the outputs need.</summary>
    public long NeededWeightBytes => _writer.WeightBytesFor(_outputs);

    /// <summary>Whether callers could override weights, which keeps ONNX Runtime from optimising with them.</summary>
    public bool OverridableInitializers => _writer.OverridableInitializers;

    /// <summary>Whether the file holds tensors that are large enough to be mapped.</summary>
    public bool AnythingToMap => _model.Model.Graph.Initializers.Concat(ConstantTensors())
        .Any(static t => t.Storage == Storage.Plain && t.ByteSize >= SubModelWriter.SmallestMapped);

    /// <summary>
    /// The sub-model's bytes; tells the options where the files are that it reads, and changes Map to Copy where there
    /// are too many tensors to map.
    /// </summary>
    /// <param name="segment">The segment.</param>
    /// <param name="weights">How it holds its weights.</param>
    /// <param name="halves">The model's floats of 16 bits where they are computed in 32; null: as published.</param>
    /// <param name="options">Of its session.</param>
    public byte[] Write(Segment segment, ref WeightChoice weights, HalfFloats? halves, SessionOptions options)
    {
        SegmentRequest request = Request(segment);
        SubModelWriter writer = Writer(segment);
        SubModel sub = writer.Write(request, weights.Loading == WeightLoading.Map ? WeightMode.Map : WeightMode.Copy, halves);
        if (_mappings.IsTooMany(segment, sub.MappedTensors))
        {
            Log.TooManyMappings(_logger, _model.Name, _mappings.Own, _mappings.Present, _mappings.Most);
            weights = new WeightChoice(WeightLoading.Copy, "too many tensors to map");
            sub = writer.Write(request, WeightMode.Copy, halves);
        }
        if (sub.WhyNotWidened is { } why)
            Log.SegmentNotWidened(_logger, segment.Name, _model.Name, why);
        if (sub.ReadsFiles)
            options.AddSessionConfigEntry(FolderKey, _folder!);
        return sub.Bytes;
    }

    /// <summary>By segment of a plan: in whose session it runs.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="isWidened">Whether its floats of 16 bits are computed in 32.</param>
    /// <exception cref="ModelException">A segment names what the model does not have.</exception>
    public IReadOnlyList<SharedSegment> Shared(Plan plan, bool isWidened)
    {
        GraphIndex index = Writer(plan.Segments[0]).Index;
        return SharedSegments.Of(index, [.. plan.Segments.Select(s => isWidened ? Widened(Request(s), index) : Request(s))]);
    }

    /// <summary>The bytes of the weights that a segment's session keeps.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="isWidened">Whether its floats of 16 bits are computed in 32: those count twice.</param>
    /// <exception cref="ModelException">The segment names what the model does not have.</exception>
    public long WeightBytesOf(Segment segment, bool isWidened) => Writer(segment).WeightBytesOf(Request(segment), isWidened);

    /// <summary>The names of a segment's nodes, for messages.</summary>
    /// <exception cref="ModelException">A segment names what the model does not have.</exception>
    public string Describe(Segment segment) => SegmentNodes.Describe(Writer(segment).Model, segment);

    private SegmentRequest Request(Segment segment)
    {
        PlanNodes? nodes = Nodes(segment);
        return new SegmentRequest(segment.Name, nodes is null ? PlanNodes.Read(segment, NodeCount(segment)) : nodes.Of(segment), Names(segment.Reads), Names(segment.Writes))
        {
            Outputs = _outputs,
            Cloned = nodes is null ? [] : nodes.Cloned(segment),
            Types = Types(segment),
        };
    }

    private PlanNodes? Nodes(Segment segment)
    {
        if (segment.Plan is { } plan && _nodes?.Plan != plan)
            _nodes = new PlanNodes(plan, NodeCount(segment));
        return segment.Plan is null ? null : _nodes;
    }

    private int NodeCount(Segment segment) => Writer(segment).Model.Graph.Nodes.Count;

    // Between segments there are 32 bits then; what the model takes and gives keeps its type (WideSegment), so a chunk that reads or writes that is none of the others.
    private SegmentRequest Widened(SegmentRequest request, GraphIndex index) => request with
    {
        Types = request.Types!.ToDictionary(
            static t => t.Key,
            t => t.Value.Element == ElementType.Float16 && !index.IsInput(t.Key) && !_outputs.Contains(t.Key) ? t.Value with { Element = ElementType.Float } : t.Value,
            StringComparer.Ordinal),
    };

    // The same splits make the same nodes as where they were planned; what does not fit is refused when it is cut.
    private SubModelWriter Writer(Segment segment)
    {
        if (segment.Recurrent.Length == 0)
            return _writer;
        lock (_rewritten)
        {
            if (_rewritten.TryGetValue(segment.Recurrent, out SubModelWriter? known))
                return known;
            try
            {
                OnnxModel rewritten = RecurrentRewriter.Apply(_model.Model, [.. RecurrentSplits.Read(segment.Recurrent)]);
                return _rewritten[segment.Recurrent] = new SubModelWriter(rewritten, _model.Bytes, _target);
            }
            catch (FormatException e)
            {
                throw new ModelException(Rules.SegmentRefused, segment.Name, e.Message);
            }
        }
    }

    // ONNX Runtime refuses links that leave the folder, so they are resolved first. Files with weights lie beside the
    // link, though, not beside what it leads to.
    private static string Target(string path, bool hasExternalData) => hasExternalData
        ? Path.Combine(ModelLocation.FinalTarget(Path.GetDirectoryName(Path.GetFullPath(path))!), Path.GetFileName(path))
        : ModelLocation.FinalTarget(path);

    private IEnumerable<TensorInfo> ConstantTensors() =>
        _model.Model.Graph.Nodes.Where(static n => n.OpType == "Constant").SelectMany(static n => n.Attributes).SelectMany(static a => a.Tensors);

    // Of the values inside the model the file need not say the type; the generator knew it.
    private static Dictionary<string, OnnxType.Tensor> Types(Segment segment)
    {
        Dictionary<string, OnnxType.Tensor> types = new(StringComparer.Ordinal);
        foreach (Value value in segment.Reads.Concat(segment.Writes))
            types[value.Name] = new OnnxType.Tensor(value.Element.Type, value.Shape is { } shape ? Array.ConvertAll(shape, Dimension) : null);
        return types;
    }

    private static Dimension Dimension(Dim dim) =>
        dim.IsFixed ? Core.Graph.Dimension.Fixed(dim.Size) : dim.Name is { } name ? Core.Graph.Dimension.Named(name) : default;

    private static string[] Names(Value[] values) => [.. values.Select(static v => v.Name)];
}
