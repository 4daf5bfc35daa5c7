using System;
using System.Linq;
using Cleave.Generated;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Sessions;

/// <summary>The options that every session of a model gets, and what the application changes about them.</summary>
internal sealed class SessionSettings(ModelDefinition definition, Action<SessionOptions, SegmentInfo>? configure, bool isTrial, ILogger logger)
{
    private readonly bool _shapesVary = definition.Inputs.Any(static v => v.Shape is null || v.Shape.Any(static d => !d.IsFixed));

    /// <summary>Whether the application had a say.</summary>
    public bool Configured => configure != null;

    public SessionOptions Make(Segment segment, int threads)
    {
        SessionOptions options = new();
        try
        {
            // Never 0: ONNX Runtime would count the cores of the host, whatever the process may use.
            options.IntraOpNumThreads = threads;
            options.InterOpNumThreads = 1;
            options.ExecutionMode = ExecutionMode.ORT_SEQUENTIAL;
            options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL;
            // Within a run the pool's threads are ours, and waking one costs more than a small operator. Between runs they sleep: idle threads that
            // spin take cores from everyone else.
            options.AddSessionConfigEntry("session.force_spinning_stop", "1");
            // ONNX Runtime keeps one memory pattern per shape: twice the growth, no speed.
            if (_shapesVary)
                options.EnableMemoryPattern = false;
            if (isTrial)
                options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;
            configure?.Invoke(options, new SegmentInfo(definition.Name, segment.Name, threads));
            if (options.IntraOpNumThreads != threads)
                Log.ThreadsChanged(logger, definition.Name, segment.Name, options.IntraOpNumThreads, threads);
            return options;
        }
        catch
        {
            options.Dispose();
            throw;
        }
    }
}
