using System;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Diagnostics;
using Cleave.Core.Passes;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Sources;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Sessions;

/// <summary>Makes the sessions of one opened model, now or later. Thread-safe.</summary>
internal sealed class SessionFactory
{
    private readonly OpenedModel _model;
    private readonly SessionSettings _settings;
    private readonly SubModels _subModels;
    private readonly ILogger _logger;
    private readonly bool _slicing;
    private WeightChoice _weights;

    /// <exception cref="CleaveException">Outputs were chosen, and slicing is off (CLV4009).</exception>
    public SessionFactory(OpenedModel model, ModelDefinition definition, RunnerOptions options, ProcessFiles files, ILogger logger)
    {
        _model = model;
        _logger = logger;
        _slicing = options.Slicing;
        _settings = new SessionSettings(definition, options.ConfigureSession, options.IsTrial, logger);
        WeightLoading asked = options.Weights;
        string[] outputs = [.. definition.Outputs.Select(static v => v.Name)];
        _subModels = new SubModels(model, outputs, files, logger);
        bool whole = ModelPart.IsWhole(model.Model, outputs);
        if (!whole && !_slicing)
            throw new CleaveException(Rules.OutputsWithoutSlicing, null, definition.Name, string.Join("; ", outputs));
        WeightBytes = whole ? _subModels.WeightBytes : _subModels.NeededWeightBytes;
        _weights = WeightChoice.Make(asked, model.Path != null, model.Model.Graph, WeightBytes);
    }

    public WeightChoice Weights => _weights;

    /// <summary>The bytes of the weights that the outputs need.</summary>
    public long WeightBytes { get; }

    /// <summary>What a session of all of it takes. Packed for its kernels a weight is about as large as before; copied ones are there once more.</summary>
    public long EstimatedBytes => WeightBytes * (_weights.Loading == WeightLoading.Map ? 1 : 2);

    /// <summary>Whether a part of the model can be cut out.</summary>
    public bool Slicing => _slicing;

    /// <summary>Creates a session; waits while another one is being created in the process.</summary>
    /// <exception cref="CleaveException">The file changed, ONNX Runtime is missing, or it refused the segment.</exception>
    public SegmentSession Create(Segment segment, int threads)
    {
        _model.CheckUnchanged();
        InferenceSession? session = null;
        try
        {
            // Before the turn: ConfigureSession may take long, or create another runner.
            using SessionOptions options = _settings.Make(segment, threads);
            using SessionTurn.Holder turn = SessionTurn.Take(_logger, _model.Name);
            session = Open(segment, options, out string way);
            _model.CheckUnchanged();
            return new SegmentSession(
                _model.Name, segment, session, way, options.IntraOpNumThreads, _settings.Configured && InputsLieElsewhere(session),
                SegmentNodes.Describe(_model.Model, segment));
        }
        catch (Exception e)
        {
            session?.Dispose();
            if (e is CleaveException)
                throw;
            if (e is ModelException problem)
                throw new CleaveException(problem, _model.Place);
            if (NativeLibrary.Explain(e, _model.Name) is { } missing)
                throw missing;
            if (e is not OnnxRuntimeException)
                throw;
            // A file that changed meanwhile is the likelier cause.
            _model.CheckUnchanged();
            throw new CleaveException(Rules.SessionFailed, e, _model.Place, segment.Name, e.Message);
        }
    }

    // Nothing is gained by slicing a whole model whose constants ONNX Runtime already knows to be constant. By path,
    // ONNX Runtime copies the weights that are in the model's file, and maps those in files of their own.
    private bool Slices(Segment segment) =>
        _slicing && (!segment.IsWhole
            || _subModels.OverridableInitializers
            || (Weights.Loading == WeightLoading.Map ? _subModels.AnythingToMap : _model.HasExternalData));

    private InferenceSession Open(Segment segment, SessionOptions options, out string way)
    {
        if (Slices(segment))
        {
            way = "sliced";
            return new InferenceSession(_subModels.Write(segment, ref _weights, options), options);
        }
        if (_model.Path is { } path)
        {
            way = "opened by path as published";
            return new InferenceSession(path, options);
        }
        way = "opened from memory as published";
        return new InferenceSession(WholeArray(_model.Memory), options);
    }

    private static byte[] WholeArray(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out ArraySegment<byte> part) && part.Offset == 0 && part.Count == part.Array!.Length
            ? part.Array
            : memory.ToArray();

    // Execution providers that ConfigureSession added may copy an input to their device when it is bound.
    private static bool InputsLieElsewhere(InferenceSession session)
    {
        if (session.InputNames.Count == 0)
            return false;
        using IDisposableReadOnlyCollection<OrtMemoryInfo> places = session.GetMemoryInfosForInputs();
        return places.Any(static place => place.Name != OrtMemoryInfo.DefaultInstance.Name);
    }
}
