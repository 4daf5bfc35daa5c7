using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Calibration;

/// <summary>
/// Times one kernel: a session of two copies and one of six, in blocks that take turns; a quarter of the difference is the kernel,
/// for the call and what stands at the ends cancel out. What disturbs a measurement only ever makes it longer, and lasts: each kernel
/// is measured several times, at moments far apart, and the shortest times count.
/// </summary>
internal sealed class ChainTimer(int threads)
{
    private const int Rounds = 3;
    private const int FewestRounds = 1;

    // Short kernels get more calls, long ones few.
    private const double BlockSeconds = 0.0012;
    private const double MostSeconds = 0.08;

    /// <summary>Measures a kernel once more, and keeps what disturbed it least.</summary>
    public void Measure(KernelModel model, long[] sizes, ChainTimes best)
    {
        if (model.Copies is { } copies)
        {
            using Chain chain = new(Bytes(model, sizes, copies(sizes)), threads);
            Repeat(() => best.Many = Math.Min(best.Many, chain.Block(BlockSeconds)));
            return;
        }
        using Chain few = new(Bytes(model, sizes, ChainTimes.CopiesOfFew), threads), many = new(Bytes(model, sizes, ChainTimes.CopiesOfMany), threads);
        Repeat(() =>
        {
            best.Few = Math.Min(best.Few, few.Block(BlockSeconds));
            best.Many = Math.Min(best.Many, many.Block(BlockSeconds));
        });
    }

    private static void Repeat(Action block)
    {
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < Rounds && (round < FewestRounds || Stopwatch.GetElapsedTime(start).TotalSeconds < MostSeconds); round++)
            block();
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
