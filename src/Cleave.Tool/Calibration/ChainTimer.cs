using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Calibration;

/// <summary>
/// Times one kernel: a session of two copies and one of six; a quarter of the difference is the kernel, for the call and what stands at
/// the ends cancel out. What disturbs a measurement only ever makes it longer, and lasts for seconds: the sessions are kept, measured
/// again and again at moments far apart, and the fastest of them count.
/// </summary>
internal sealed class ChainTimer : IDisposable
{
    // Short kernels get more calls, long ones few.
    private const double BlockSeconds = 0.0012;

    // Where the caches decide: other sessions have emptied them, and it takes some calls until they hold what they hold in a loop.
    private const double LongBlockSeconds = 0.012;

    private readonly Chain? _few;
    private readonly Chain _many;

    /// <param name="model">The kernel.</param>
    /// <param name="sizes">Its sizes.</param>
    /// <param name="threads">Of each session.</param>
    public ChainTimer(KernelModel model, long[] sizes, int threads)
    {
        Copies = model.Copies?.Invoke(sizes);
        _few = Copies is null ? new Chain(Bytes(model, sizes, ChainTimes.CopiesOfFew), threads) : null;
        _many = new Chain(Bytes(model, sizes, Copies ?? ChainTimes.CopiesOfMany), threads);
    }

    /// <summary>How long the only chain is, where the time of a whole chain is the point.</summary>
    public int? Copies { get; }

    public ChainTimes Times { get; } = new();

    /// <summary>Measures once more.</summary>
    public void Measure()
    {
        double few = _few?.Block(BlockSeconds) ?? 0;
        Times.Add(few, _many.Block(Copies is null ? BlockSeconds : LongBlockSeconds));
    }

    public void Dispose()
    {
        _few?.Dispose();
        _many.Dispose();
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
        private readonly List<OrtValue> _values = [];
        private readonly List<double> _times = [];

        public Chain(byte[] model, int threads)
        {
            using SessionOptions options = new()
            {
                IntraOpNumThreads = threads,
                InterOpNumThreads = 1,
                // The models are written as the optimiser would leave them.
                GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            };
            // All sessions are open at once: the pool of one would spin into the measurement of the next.
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
            // An arena grows by powers of two; so many sessions of it would not fit a small machine.
            options.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1");
            _session = new InferenceSession(model, options);
            _binding = _session.CreateIoBinding();
            string[] names = [.. _session.InputNames];
            OrtValue[] inputs = [.. names.Select((n, i) => RandomTensor.Of(_session.InputMetadata[n], i))];
            _values.AddRange(inputs);
            using (IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_options, names, inputs, _session.OutputNames))
            {
                for (int i = 0; i < outputs.Count; i++)
                {
                    OrtTensorTypeAndShapeInfo info = outputs[i].GetTensorTypeAndShape();
                    OrtValue output = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, info.ElementDataType, info.Shape);
                    _values.Add(output);
                    _binding.BindOutput(_session.OutputNames[i], output);
                }
            }
            for (int i = 0; i < inputs.Length; i++)
                _binding.BindInput(names[i], inputs[i]);
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
            foreach (OrtValue value in _values)
                value.Dispose();
        }
    }
}
