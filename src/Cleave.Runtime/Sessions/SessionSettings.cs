using System;
using System.Linq;
using Cleave.Generated;
using Cleave.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Sessions;

/// <summary>The options that every session of a model gets, and what the application changes about them.</summary>
/// <param name="definition">The model.</param>
/// <param name="asked">What the application asked for.</param>
/// <param name="isMember">Whether it is an ensemble's member, whose sessions mostly stay with one thread.</param>
/// <param name="logger">Gets a line where the application changes a number of threads.</param>
internal sealed class SessionSettings(ModelDefinition definition, RunnerOptions asked, bool isMember, ILogger logger)
{
    // Of the longest call that is predicted: four times the planned sizes.
    private const double ShortMicroseconds = 1000;

    private readonly Action<SessionOptions, SegmentInfo>? _configure = asked.ConfigureSession;
    private readonly bool _isTrial = asked.IsTrial;
    private readonly bool _hasPatterns = !ShapesVary(definition) || HasShortCalls(definition);
    private readonly bool _isShared = !isMember && HasShortCalls(definition);

    /// <summary>Whether the application had a say.</summary>
    public bool Configured => _configure != null;

    /// <summary>What stands for all that the application does there; null where it says nothing.</summary>
    public string? PreparedKey { get; } = asked.PreparedKey;

    /// <summary>What in it may change a prepared model.</summary>
    public string Words => "all optimisations, memory patterns " + (_hasPatterns ? "on" : "off") + (_configure is null ? "" : ", configured as \"" + PreparedKey + "\"");

    /// <summary>Sets what Cleave wants.</summary>
    /// <param name="options">The session's options.</param>
    /// <param name="threads">Its threads.</param>
    /// <param name="isSilent">Whether ONNX Runtime is to log nothing of what it refuses.</param>
    public void Apply(SessionOptions options, int threads, bool isSilent = false)
    {
        // Never 0: ONNX Runtime would count the cores of the host, whatever the process may use.
        options.IntraOpNumThreads = threads;
        options.InterOpNumThreads = 1;
        options.ExecutionMode = ExecutionMode.ORT_SEQUENTIAL;
        options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL;
        // Within a run the pool's threads are ours, and waking one costs more than a small operator. Between runs they sleep: idle threads that
        // spin take cores from everyone else.
        options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        // ONNX Runtime keeps one memory pattern per shape: where shapes vary its memory grows twice as much. What the patterns save, an allocation for each
        // operator, is seen only where a call is short, and then there is little memory to grow.
        if (!_hasPatterns)
            options.EnableMemoryPattern = false;
        if (_isTrial || isSilent)
            options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;
    }

    /// <summary>Lets the callers of one session each keep memory of their own, where that is faster: if calls are short, and the session is all of the model on one
    /// thread, which callers share. A session's arena hands one caller what another has just written, from the other core's cache; the C library keeps memory by
    /// thread. It gives large blocks back to the system, so longer calls, which have such blocks, need the arena.</summary>
    public void ShareAmongCallers(SessionOptions options, Segment segment, int threads)
    {
        if (_isShared && threads == 1 && segment.IsWhole)
            options.EnableCpuMemArena = false;
    }

    /// <summary>Then gives the application its say, whose exceptions pass.</summary>
    public void Configure(SessionOptions options, Segment segment, int threads)
    {
        _configure?.Invoke(options, new SegmentInfo(definition.Name, segment.Name, threads));
        if (options.IntraOpNumThreads != threads)
            Log.ThreadsChanged(logger, definition.Name, segment.Name, options.IntraOpNumThreads, threads);
    }

    private static bool ShapesVary(ModelDefinition definition) => definition.Inputs.Any(static v => v.Shape is null || v.Shape.Any(static d => !d.IsFixed));

    private static bool HasShortCalls(ModelDefinition definition) =>
        definition.Times is { } times && Array.TrueForAll(times.Calls, static c => c.Microseconds[0] <= ShortMicroseconds);
}
