using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Calibration;

/// <summary>
/// Times one kernel: a session of two copies and one of six; a quarter of the difference is the kernel, for the call and what stands at
/// the ends cancel out. What disturbs a measurement only ever makes it longer, and lasts for seconds: the sessions are measured again and
/// again at moments far apart, and the fastest of them count.
/// </summary>
internal sealed class ChainTimer : IDisposable
{
    // Short kernels get more calls, long ones few.
    private const double BlockSeconds = 0.0012;

    // Where the caches decide: other sessions have emptied them, and it takes some calls until they hold what they hold in a loop.
    private const double LongBlockSeconds = 0.012;

    private const int Few = 2;
    private const int Many = 6;

    // Copies that each have weights of their own push each other's out of the caches: as few as make a difference.
    private const int FewApart = 1;
    private const int ManyApart = 3;

    private readonly Func<int, byte[]> _model;
    private readonly int _threads;
    private readonly int _fewCopies;
    private readonly int _manyCopies;
    private readonly double _seconds;
    private Chain? _few;
    private Chain? _many;

    /// <param name="model">The kernel.</param>
    /// <param name="sizes">Its sizes.</param>
    /// <param name="threads">Of each session.</param>
    /// <param name="isApart">Whether one copy is told from the rest of the call, too, where the time of a whole chain is the point: what several threads gain must not have in it that they are woken.</param>
    public ChainTimer(KernelModel model, long[] sizes, int threads, bool isApart = false)
    {
        Copies = isApart ? null : model.Copies?.Invoke(sizes);
        (_fewCopies, _manyCopies) = isApart ? (FewApart, ManyApart) : (Few, Many);
        _seconds = isApart || Copies is not null ? LongBlockSeconds : BlockSeconds;
        _model = copies => Bytes(model, sizes, copies);
        _threads = threads;
        Times = new ChainTimes(_fewCopies, _manyCopies);
    }

    /// <summary>How long the only chain is, where the time of a whole chain is the point.</summary>
    public int? Copies { get; }

    public ChainTimes Times { get; }

    /// <summary>Makes the sessions.</summary>
    /// <param name="values">What all timers read and write.</param>
    public void Open(ChainValues values)
    {
        _few = Copies is null ? new Chain(_model(_fewCopies), _threads, values) : null;
        _many = new Chain(_model(Copies ?? _manyCopies), _threads, values);
    }

    /// <summary>Measures once more, between <see cref="Open"/> and <see cref="Dispose"/>.</summary>
    public void Measure()
    {
        Chain many = _many ?? throw new InvalidOperationException("The sessions are not open.");
        double few = _few?.Block(_seconds) ?? 0;
        Times.Add(few, many.Block(_seconds));
    }

    /// <summary>Gives the sessions up; times stay, and it can be opened again.</summary>
    public void Dispose()
    {
        _few?.Dispose();
        _many?.Dispose();
        (_few, _many) = (null, null);
    }

    private static byte[] Bytes(KernelModel model, long[] sizes, int copies)
    {
        ChainGraph graph = new();
        model.Build(graph, sizes, copies);
        return graph.ToBytes();
    }

    private sealed class Chain : IDisposable
    {
        private const int FewestCalls = 3;

        private readonly InferenceSession _session;
        private readonly OrtIoBinding _binding;
        private readonly RunOptions _options = new();
        private readonly List<double> _times = [];

        public Chain(byte[] model, int threads, ChainValues values)
        {
            using SessionOptions options = new()
            {
                IntraOpNumThreads = threads,
                InterOpNumThreads = 1,
                // The models are written as the optimiser would leave them.
                GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            };
            // As runners' sessions: threads spin within a run. Between runs they sleep, or they would spin into the measurement of the next session.
            options.AddSessionConfigEntry("session.force_spinning_stop", "1");
            // An arena grows by powers of two; so many sessions of it would not fit a small machine. (One arena for all of them takes three times
            // as long to find memory for a small node.)
            options.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1");
            _session = new InferenceSession(model, options);
            _binding = _session.CreateIoBinding();
            string[] names = [.. _session.InputNames];
            OrtValue[] inputs = [.. names.Select((n, i) => values.Input(_session.InputMetadata[n], i))];
            using (IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_options, names, inputs, _session.OutputNames))
            {
                for (int i = 0; i < outputs.Count; i++)
                    _binding.BindOutput(_session.OutputNames[i], values.Output(outputs[i].GetTensorTypeAndShape(), i));
            }
            for (int i = 0; i < inputs.Length; i++)
                _binding.BindInput(names[i], inputs[i]);
            // What the arena has for outputs, which it gave once, is of no more use.
            using RunOptions shrink = new();
            shrink.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
            _session.RunWithBinding(shrink, _binding);
        }

        /// <summary>The lower quartile of a block of calls, in nanoseconds.</summary>
        public double Block(double seconds)
        {
            _times.Clear();
            long start = Stopwatch.GetTimestamp(), now = start;
            while (_times.Count < FewestCalls || Stopwatch.GetElapsedTime(start, now).TotalSeconds < seconds)
            {
                _session.RunWithBinding(_options, _binding);
                long end = Stopwatch.GetTimestamp();
                _times.Add(Stopwatch.GetElapsedTime(now, end).TotalNanoseconds);
                now = end;
            }
            _times.Sort();
            return _times[_times.Count / 4];
        }

        public void Dispose()
        {
            _binding.Dispose();
            _session.Dispose();
            _options.Dispose();
        }
    }
}
