using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Calls;
using Cleave.Core.Batching;
using Cleave.Core.Parts;
using Cleave.Generated;
using Cleave.Logging;
using Cleave.Modes;
using Microsoft.Extensions.Logging;

namespace Cleave.Batching;

/// <summary>
/// How the batches of one runner's requests are divided over instances: ⟨i, t, b⟩ by the dynamic program over what is predicted, where that is predicted to pay.
/// Thread-safe.
/// </summary>
internal sealed class BatchDivider
{
    /// <summary>What a division must be predicted to gain over the best single session.</summary>
    public const double LeastGain = 1.1;

    // A thread that slept, and the caches that its core lost.
    private const double HandOff = 50;

    // Larger batches are divided in pieces of several samples.
    private const int MostPieces = 1024;

    // Where requests come in more sizes, they are planned anew.
    private const int MostKnown = 256;

    private readonly string _model;
    private readonly ShapeTable _shapes;
    private readonly int _symbol;
    private readonly int _cores;
    private readonly int[] _counts;
    // Sessions of several threads that divisions may have beside the planned one.
    private readonly int _sessions;
    // Null: batches are divided whatever is predicted.
    private readonly CallTimes? _times;
    private readonly ILogger _logger;
    private readonly Dictionary<int[], BatchDivision?> _known = new(DimensionsComparer.Instance);
    private readonly BatchEstimate _estimate = new();
    private long _divided;

    private BatchDivider(ModelDefinition definition, CallTimes? times, ShapeTable shapes, int cores, int[] counts, int sessions, ILogger logger)
    {
        _model = definition.Name;
        _times = times;
        _shapes = shapes;
        _symbol = shapes.SymbolOf(definition.Batch!.Dimension);
        _cores = cores;
        _counts = counts;
        _sessions = sessions;
        _logger = logger;
    }

    /// <summary>Null where no batch is divided, and why.</summary>
    /// <param name="definition">The model.</param>
    /// <param name="options">What the application asked for.</param>
    /// <param name="shapes">The shapes of its inputs.</param>
    /// <param name="modes">The ways in which it runs.</param>
    /// <param name="cores">The runner's cores.</param>
    /// <param name="sessionBytes">What a session of the whole model takes, by estimate.</param>
    /// <param name="logger">Told how batches are divided.</param>
    /// <param name="why">Gets the reason.</param>
    public static BatchDivider? Of(ModelDefinition definition, RunnerOptions options, ShapeTable shapes, RunnerModes modes, int cores, long sessionBytes, ILogger logger, out string why)
    {
        BatchAxis? axis = definition.Batch;
        bool asked = options.Dividing == DividingChoice.On;
        // Slices of memory: samples must lie one behind the other, and strings are not ours.
        why = options.Dividing == DividingChoice.Off ? "Dividing is Off"
            : options.Deterministic == true ? "Deterministic is set"
            : BatchSizes.WhyNoRows(definition, "it") is { Length: > 0 } reason ? reason
            : modes.Count == 1 ? "it runs in one way only"
            : modes.Planned.Plan.Outline.Plan.IsSplit ? "it is planned as a split"
            : !asked && definition.Times is null ? "nothing is predicted for it"
            : "";
        if (why.Length > 0)
            return null;
        int[] counts = [.. Enumerable.Range(0, modes.Count).Select(modes.Wanted).Where(static m => !m.Plan.IsSplit).Select(static m => m.Cores).Where(c => c <= cores).Distinct().Order()];
        return new BatchDivider(definition, asked ? null : definition.Times!.ToCallTimes(), shapes, cores, counts, SessionsWithin(options.MaxMemory, sessionBytes), logger);
    }

    /// <summary>Whether what is predicted is compared with what is measured.</summary>
    public bool Measures => _times != null;

    /// <summary>How many batches were divided.</summary>
    public long Divided => Volatile.Read(ref _divided);

    /// <summary>Notes that one was.</summary>
    public void CountDivided() => Interlocked.Increment(ref _divided);

    /// <summary>How a request of these dimensions is divided; null where it is not.</summary>
    public BatchDivision? Of(int[] dims)
    {
        if (dims[_symbol] < 2)
            return null;
        lock (_known)
        {
            if (_known.TryGetValue(dims, out BatchDivision? known))
                return known;
        }
        BatchDivision? division = _times is { } times ? Plan(dims, times) : BatchDivision.Equal(_symbol, dims[_symbol], _cores);
        lock (_known)
        {
            if (_known.Count == MostKnown)
                _known.Clear();
            _known[dims] = division;
        }
        if (division is { Gain: { } gain })
            Log.Divides(_logger, _model, dims[_symbol], division.ToString(), gain);
        return division;
    }

    /// <summary>A batch of so many samples came. True where it is of the size that mostly comes: for others no session is opened.</summary>
    public bool IsUsual(int samples)
    {
        lock (_estimate)
        {
            _estimate.Add(samples);
            return _estimate.IsReady(samples);
        }
    }

    private BatchDivision? Plan(int[] dims, CallTimes times)
    {
        int samples = dims[_symbol];
        long elements = _shapes.SampleElements(dims, _symbol);
        if (elements == 0)
            return null;
        int piece = (samples + MostPieces - 1) / MostPieces, pieces = samples / piece;
        InstancePlan? plan = InstancePlanner.Plan(Table(times, elements, piece, pieces), new InstanceRequest(_cores, pieces) { Memory = _sessions });
        double whole = _counts.Min(times.Of(elements, samples).At);
        if (plan is null || plan.Instances == 1 || whole < (plan.Time + HandOff) * LeastGain)
            return null;
        return BatchDivision.Of(plan, _symbol, piece, samples, whole / plan.Time);
    }

    // All sessions are of the whole model and take as much, so memory is counted in sessions: those that MaxMemory has room for beside the planned one and the one
    // of one thread. What is left without it is another amount each time: it is asked for when a session is opened.
    private static int SessionsWithin(long? memory, long sessionBytes) =>
        memory is { } most && sessionBytes > 0 ? (int)Math.Clamp((most / sessionBytes) - 2, 0, PartSessions.Most) : PartSessions.Most;

    // Any number of samples each may be worth trying; powers of two and equal shares nearly always are the best ones.
    private IEnumerable<InstanceTime> Table(CallTimes calls, long elements, int piece, int pieces)
    {
        SortedSet<int> sizes = [];
        for (int size = 1; size < pieces; size *= 2)
            sizes.Add(size);
        for (int instances = 1; instances <= Math.Min(_cores, pieces); instances++)
        {
            sizes.Add(pieces / instances);
            sizes.Add((pieces + instances - 1) / instances);
        }
        foreach (int size in sizes)
        {
            PartTimes times = calls.Of(elements, size * piece);
            // One session of one thread serves any number of instances.
            foreach (int threads in _counts)
                yield return new InstanceTime(threads, size, times.At(threads), threads == 1 ? 0 : 1);
        }
    }
}
