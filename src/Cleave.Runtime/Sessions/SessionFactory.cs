using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Clustering;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Passes;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Prepared;
using Cleave.Sources;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Sessions;

/// <summary>Makes the sessions of one opened model, now or later. Thread-safe.</summary>
internal sealed class SessionFactory : IDisposable
{
    private readonly OpenedModel _model;
    private readonly SessionSettings _settings;
    // Locked where it cuts: a session may be prepared while another is created.
    private readonly SubModels _subModels;
    private readonly ILogger _logger;
    private readonly bool _slicing;
    // By plan whose recurrent nodes are taken apart.
    private readonly ConcurrentDictionary<Plan, ChunkSessions> _chunks = new(ReferenceEqualityComparer.Instance);
    private WeightChoice _weights;

    /// <exception cref="CleaveException">Outputs were chosen, and slicing is off (CLV4009).</exception>
    public SessionFactory(OpenedModel model, ModelDefinition definition, RunnerOptions options, bool isMember, ProcessFiles files, ILogger logger)
    {
        _model = model;
        _logger = logger;
        _slicing = options.Slicing ?? true;
        _settings = new SessionSettings(definition, options, isMember, logger);
        WeightLoading asked = options.Weights ?? WeightLoading.Auto;
        string[] outputs = [.. definition.Outputs.Select(static v => v.Name)];
        _subModels = new SubModels(model, outputs, files, logger);
        bool whole = ModelPart.IsWhole(model.Model, outputs);
        if (!whole && !_slicing)
            throw new CleaveException(Rules.OutputsWithoutSlicing, null, model.Place, string.Join("; ", outputs));
        WeightBytes = whole ? _subModels.WeightBytes : _subModels.NeededWeightBytes;
        _weights = WeightChoice.Make(asked, model.Path != null, model.Model.Graph, WeightBytes);
        Precision = ModelPrecision.Of(model.Model, options, new MemoryLimit(options.MaxMemory, files), PlainBytes(WeightBytes, _weights));
        if (!options.IsTrial)
            Precision.Write(logger, definition.Name);
        ModelWeights = new ModelWeights(model);
        Targets = new PreparedTargets(definition, _settings, ModelWeights, Precision);
        Prepared = new PreparedSessions(this, PreparedFolders.Of(options, model), options, definition.Name, logger);
    }

    /// <summary>The model that sessions are made of.</summary>
    public OnnxModel Model => _model.Model;

    /// <summary>Tells its weights from others.</summary>
    public ModelWeights ModelWeights { get; }

    /// <summary>In which precision floats of 16 bits are computed.</summary>
    public ModelPrecision Precision { get; }

    /// <summary>What its segments must be prepared for.</summary>
    public PreparedTargets Targets { get; }

    /// <summary>Its segments that are prepared.</summary>
    public PreparedSessions Prepared { get; }

    public WeightChoice Weights => _weights;

    /// <summary>The bytes of the weights that the outputs need.</summary>
    public long WeightBytes { get; }

    /// <summary>The same as sessions have them: floats of 16 bits that are widened take twice as much.</summary>
    public long SessionWeightBytes => WeightBytes + Precision.ExtraBytes;

    /// <summary>Whether its weights are so few that those of another session are not worth saving.</summary>
    public bool IsSmall => WeightBytes < PlanOptions.LargeWeights;

    /// <summary>Whether another session of a plan takes little memory: the weights are few, or are prepared, so that all share one copy.</summary>
    public bool IsCheap(Plan plan) => IsSmall || Prepared.BytesToMap(plan) != null;

    /// <summary>
    /// What the sessions of a plan take that are not there yet. Packed for its kernels a weight is about as large as before; copied ones are there once more. Prepared ones are mapped:
    /// all sessions share one copy.
    /// </summary>
    public long EstimatedBytes(Plan plan)
    {
        try
        {
            return Prepared.BytesToMap(plan) ?? PlainBytes(plan);
        }
        catch (CleaveException)
        {
            // What cannot be cut is said where it is opened; then the whole model runs.
            return PlainBytes(SessionWeightBytes, _weights);
        }
    }

    /// <summary>The same, if none is prepared. Segments have weights of their own; but chunks of different lengths have different sessions with the same ones.</summary>
    /// <exception cref="CleaveException">A segment cannot be cut.</exception>
    public long PlainBytes(Plan plan) => PlainBytes(Chunks(plan)?.WeightBytes ?? SessionWeightBytes, _weights);

    /// <summary>What sessions take that are not prepared.</summary>
    public static long PlainBytes(long weightBytes, WeightChoice weights) => weightBytes * (weights.Loading == WeightLoading.Map ? 1 : 2);

    /// <summary>Whether a part of the model can be cut out.</summary>
    public bool Slicing => _slicing;

    /// <summary>Creates a session, from prepared files where there are some; waits while another one is being created in the process.</summary>
    /// <exception cref="CleaveException">The file changed, ONNX Runtime is missing, or it refused the segment.</exception>
    public SegmentSession Create(Segment segment, int threads) => Prepared.TryCreate(segment, threads) ?? CreatePlain(segment, threads);

    /// <summary>Creates a session from the model itself.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="threads">Its threads.</param>
    /// <param name="change">What is different about this session's options; it is one of the preparation then, of which ONNX Runtime logs nothing.</param>
    /// <exception cref="CleaveException">The file changed, ONNX Runtime is missing, or it refused the segment.</exception>
    public SegmentSession CreatePlain(Segment segment, int threads, Action<SessionOptions>? change = null) => Create(segment, threads, change != null, options =>
    {
        change?.Invoke(options);
        return Open(segment, options);
    });

    /// <summary>Creates a session from an optimised graph, whose weights are prepared in a file of the folder.</summary>
    /// <exception cref="CleaveException">The file changed, ONNX Runtime is missing, or it refused the segment.</exception>
    public SegmentSession CreatePrepared(Segment segment, int threads, byte[] graph, string folder, bool isSilent = false) => Create(segment, threads, isSilent, options =>
    {
        // After the application's say: nothing is left to optimise, and a second time would undo the first.
        options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL;
        options.AddSessionConfigEntry(SubModels.FolderKey, folder);
        return (new InferenceSession(graph, options), "prepared");
    });

    /// <summary>Creates a session of a segment that runs on an accelerator, by options that have its execution provider; waits while another one is being created in the process.</summary>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refused it.</exception>
    /// <exception cref="CleaveException">The file changed, or it cannot be cut.</exception>
    public InferenceSession OpenOn(Segment segment, SessionOptions options)
    {
        _model.CheckUnchanged();
        _settings.Apply(options, threads: 1);
        Configure(options, segment, threads: 1);
        using SessionTurn.Holder turn = SessionTurn.Take(_logger, _model.Name);
        InferenceSession? session = null;
        try
        {
            session = Open(segment, options).Session;
            _model.CheckUnchanged();
            return session;
        }
        catch (Exception e)
        {
            session?.Dispose();
            if (e is ModelException problem)
                throw new CleaveException(problem, _model.Place);
            throw;
        }
    }

    /// <summary>By segment of a plan: in whose session it runs; null where each has its own. Waits while a session is being created in the process.</summary>
    /// <exception cref="CleaveException">A segment cannot be cut.</exception>
    public IReadOnlyList<SharedSegment>? Shared(Plan plan) => Chunks(plan)?.Shared;

    private ChunkSessions? Chunks(Plan plan)
    {
        if (plan.Segments[0].Recurrent.Length == 0)
            return null;
        if (_chunks.TryGetValue(plan, out ChunkSessions? known))
            return known;
        using SessionTurn.Holder turn = SessionTurn.Take(_logger, _model.Name);
        try
        {
            return _chunks.GetOrAdd(plan, MakeChunks);
        }
        catch (ModelException e)
        {
            throw new CleaveException(e, _model.Place);
        }
    }

    private ChunkSessions MakeChunks(Plan plan)
    {
        bool isWidened = Precision.Widens(plan.Segments[0]);
        lock (_subModels)
        {
            IReadOnlyList<SharedSegment> shared = _subModels.Shared(plan, isWidened);
            return new ChunkSessions(shared, plan.Segments.Where((s, i) => shared[i].Of == i).Sum(s => _subModels.WeightBytesOf(s, isWidened)));
        }
    }

    public void Dispose() => Prepared.Dispose();

    private SegmentSession Create(Segment segment, int threads, bool isSilent, Func<SessionOptions, (InferenceSession Session, string Way)> open)
    {
        _model.CheckUnchanged();
        // The first call of the native library.
        using SessionOptions options = Explained(segment, static () => new SessionOptions());
        _settings.Apply(options, threads, isSilent);
        _settings.ShareAmongCallers(options, segment, threads);
        try
        {
            Configure(options, segment, threads);
        }
        catch (OnnxRuntimeException e)
        {
            throw new CleaveException(Rules.SessionFailed, e, _model.Place, segment.Name, e.Message) { IsOfConfiguration = true };
        }
        return Explained(segment, () => Take(segment, options, isSilent, open));
    }

    // Before the turn: ConfigureSession may take long, or create another runner.
    private void Configure(SessionOptions options, Segment segment, int threads)
    {
        try
        {
            _settings.Configure(options, segment, threads);
        }
        catch (EntryPointNotFoundException e) when (NativeLibrary.MissingProvider(e) is { } provider)
        {
            throw new CleaveException(Rules.SessionFailed, e, _model.Place, segment.Name,
                $"ConfigureSession adds the execution provider {provider}, which the application's ONNX Runtime package does not have. Reference a package that has it, such as Microsoft.ML.OnnxRuntime.Gpu or .DirectML, or leave it out.")
            { IsOfConfiguration = true };
        }
    }

    private SegmentSession Take(Segment segment, SessionOptions options, bool isPreparing, Func<SessionOptions, (InferenceSession Session, string Way)> open)
    {
        using SessionTurn.Holder turn = SessionTurn.Take(_logger, _model.Name, isPreparing);
        (InferenceSession session, string way) = open(options);
        try
        {
            _model.CheckUnchanged();
            string described;
            lock (_subModels)
                described = _subModels.Describe(segment);
            return new SegmentSession(
                _model.Place, segment, session, way, options.IntraOpNumThreads, _settings.Configured && InputsLieElsewhere(session), described);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private T Explained<T>(Segment segment, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (ModelException e)
        {
            throw new CleaveException(e, _model.Place);
        }
        catch (OnnxRuntimeException e)
        {
            // A file that changed meanwhile is the likelier cause.
            _model.CheckUnchanged();
            throw new CleaveException(Rules.SessionFailed, e, _model.Place, segment.Name, e.Message);
        }
        catch (Exception e) when (e is not CleaveException && NativeLibrary.Explain(e, _model.Place) is { } missing)
        {
            throw missing;
        }
    }

    /// <summary>Whether ONNX Runtime gets a cleaned or cut copy of the graph.</summary>
    // Nothing is gained by slicing a whole model whose constants ONNX Runtime already knows to be constant. By path,
    // ONNX Runtime copies the weights that are in the model's file, and maps those in files of their own.
    public bool Slices(Segment segment) =>
        _slicing && (!segment.IsWhole
            || Precision.Widens(segment)
            || _subModels.OverridableInitializers
            || (Weights.Loading == WeightLoading.Map ? _subModels.AnythingToMap : _model.HasExternalData));

    private (InferenceSession Session, string Way) Open(Segment segment, SessionOptions options)
    {
        if (Slices(segment))
        {
            byte[] cut;
            lock (_subModels)
                cut = _subModels.Write(segment, ref _weights, Precision.Widens(segment) ? Precision.Halves : null, options);
            return (new InferenceSession(cut, options), "sliced");
        }
        return _model.Path is { } path
            ? (new InferenceSession(path, options), "opened by path as published")
            : (new InferenceSession(WholeArray(_model.Memory), options), "opened from memory as published");
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

    // By segment, in whose session it runs; and the weights of all those sessions.
    private sealed record ChunkSessions(IReadOnlyList<SharedSegment> Shared, long WeightBytes);
}
