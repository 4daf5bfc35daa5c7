using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Placement;
using Cleave.Devices;
using Cleave.Devices.Cuda;
using Cleave.Generator.Model;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Synthetic;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using Cleave.Tool.Tuning;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Placement;

/// <summary>
/// The recurrent models of the list on a real GPU: on the CPU alone, on the GPU alone with recurrent nodes as exported and unrolled, and placed for each objective by what was measured of that GPU.
/// <c>build/gpu</c> packs it for a machine that has one.
/// </summary>
internal sealed class GpuRuns : IFamily
{
    private const double LeastLatencyGain = 0.194;
    private const double LeastMemoryGain = 0.675;
    private const double Slack = 1.5;
    private const string Latency = "latency against the GPU alone, largest reduction", Memory = "GPU memory against the GPU alone, both calculated, largest reduction";

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        if (CudaDevice.Look().Problem(0) is { } problem)
        {
            string why = problem.Why + "; to measure it, " + problem.Remedy;
            yield return Line.NotMeasured(Latency, ">= " + Percent(LeastLatencyGain), why);
            yield return Line.NotMeasured(Memory, ">= " + Percent(LeastMemoryGain), why);
            yield break;
        }
        IReadOnlyList<string> profile = Profile();
        yield return Line.Shown("the GPU, as measured", string.Join(", ", profile.Skip(1)), profile);
        List<Result> results = [];
        foreach (RecurrentModels model in RecurrentModels.List().Where(m => options.Has(m.Name)))
        {
            Result result = Run(model, profile, options.Quick ? 20 : 300);
            results.Add(result);
            yield return Line.Shown(
                model.Name, string.Create(CultureInfo.InvariantCulture,
                    $"CPU alone {result.Cpu:0} us; GPU alone {result.Fused:0} us fused{Unrolled(result.Unrolled)}, {result.DeviceBytes / 1e6:0.0} MB (calculated); for latency {result.Latency}{Less(result.LatencyGain)}; for memory {result.Memory}{Less(result.MemoryGain)}"),
                result);
        }
        foreach (Line line in Judged(results))
            yield return line;
    }

    // Only what ran on the GPU is compared with it: whatever takes the CPU's place of it would save all of the GPU's memory.
    private static IEnumerable<Line> Judged(List<Result> results)
    {
        Placed[] placed = [.. results.SelectMany(r => new[] { r.Latency, r.Memory })];
        yield return Line.Shown(
            "the GPU was used", $"in {placed.Count(p => p.IsOnGpu)} of {placed.Length} placed runs" + string.Concat(placed.Where(p => !p.IsOnGpu).Select(p => p.On).Distinct().Select(w => "; " + w)), results);
        Result? fastest = results.Where(r => r.LatencyGain != null).MaxBy(r => r.LatencyGain), smallest = results.Where(r => r.MemoryGain != null).MaxBy(r => r.MemoryGain);
        yield return Best(Latency, LeastLatencyGain, fastest?.LatencyGain, fastest?.Model, results);
        yield return Best(Memory, LeastMemoryGain, smallest?.MemoryGain, smallest?.Model, results);
        const string Deadline = "memory objective, deadline of 1.5x the GPU alone";
        int met = results.Count(r => r.Memory.IsOnGpu && r.Memory.Microseconds <= Slack * r.Gpu), ran = results.Count(r => r.Memory.IsOnGpu);
        yield return ran == 0
            ? Line.NotMeasured(Deadline, "met on all", NothingRan(results))
            : Line.Of(Deadline, "met on all", $"met on {met} of {results.Count}", met == results.Count, results);
    }

    private static Line Best(string what, double least, double? gain, string? model, List<Result> results) => gain is { } found
        ? Line.Of(what, ">= " + Percent(least), $"{Percent(found)} ({model})", found >= least, results)
        : Line.NotMeasured(what, ">= " + Percent(least), NothingRan(results));

    private static string NothingRan(List<Result> results) => results.Count == 0 ? "--only names no model of the list" : "no placed run was on the GPU";

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static IReadOnlyList<string> Profile()
    {
        using IDevice device = CudaDevice.Open(0);
        return AcceleratorProfileText.Lines(new DeviceMeasurement(device, AcceleratorProfiles.Default, static _ => { }, CancellationToken.None).Measure());
    }

    private static Result Run(RecurrentModels model, IReadOnlyList<string> profile, int rounds)
    {
        Directory.CreateDirectory(ModelCatalog.Folder);
        string path = Path.Combine(ModelCatalog.Folder, "gpu_" + model.Name.Replace(' ', '_') + ".onnx");
        byte[] bytes = model.Build().ToByteArray();
        File.WriteAllBytes(path, bytes);
        double fused = OnGpu(bytes, rounds);
        double? unrolled = model is { Cell: "LSTM", IsBoth: false } ? OnGpu(UnrolledLstm.Of(model.Build(), RecurrentModels.Steps).ToByteArray(), rounds) : null;
        double gpu = Math.Min(fused, unrolled ?? fused);
        Placed cpu = OnRunner(path, [], DeviceOptions.Never, profile, rounds);
        Placed fast = OnGpuOrNot(path, [new("Accelerator", "Cuda")], profile, rounds);
        string deadline = string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, Math.Floor(Slack * gpu)):0}us");
        Placed small = OnGpuOrNot(path, [new("Accelerator", "Cuda"), new("Objective", "GpuMemory"), new("Deadline", deadline)], profile, rounds);
        return new Result(model.Name, cpu.Microseconds, fused, unrolled, DeviceBytes(bytes, profile), fast, small);
    }

    // By the planner's model: ONNX Runtime says nothing of what a session takes.
    private static double DeviceBytes(byte[] bytes, IReadOnlyList<string> profile)
    {
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        Core.Passes.PlanGraph graph = Core.Passes.PlanGraphBuilder.Build(Core.Shapes.ShapeInference.Infer(ModelReader.Read(source, CancellationToken.None)));
        PlacementProblem problem = RecurrentModels.Problem(graph, AcceleratorProfileText.Of(profile));
        return PeakMemory.Of(problem, LatencySearch.Only(problem, space: 1));
    }

    private static double OnGpu(byte[] model, int rounds)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1 };
        using OrtCUDAProviderOptions provider = new();
        // As a runner has it: the same precision on both sides.
        provider.UpdateOptions(new Dictionary<string, string> { ["device_id"] = "0", ["use_tf32"] = "0" });
        options.AppendExecutionProvider_CUDA(provider);
        using InferenceSession session = new(model, options);
        string input = session.InputNames[0];
        long[] shape = Array.ConvertAll(session.InputMetadata[input].Dimensions, d => (long)d);
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(new float[shape.Aggregate(1L, (a, b) => a * b)], shape);
        using RunOptions run = new();
        return Median(rounds, () => session.Run(run, [input], [value], session.OutputNames).Dispose());
    }

    // Required, so that the CPU takes nothing over: neither where the plan does not open, nor where there are as many cores as the build says are as good.
    private static Placed OnGpuOrNot(string path, IReadOnlyList<KeyValuePair<string, string>> settings, IReadOnlyList<string> profile, int rounds)
    {
        try
        {
            return OnRunner(path, settings, DeviceOptions.Require, profile, rounds);
        }
        catch (CleaveException e)
        {
            return new Placed(null, null, "not on the GPU: " + e.Message);
        }
    }

    private static Placed OnRunner(string path, IReadOnlyList<KeyValuePair<string, string>> settings, DeviceOptions device, IReadOnlyList<string> profile, int rounds)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        RunnerSpec spec = LooseDefinition.SpecOf(path, model, new ListingOptions { Settings = settings, Accelerator = settings.Count > 0 ? profile : [] });
        using LooseRunner runner = new(path, spec, new RunnerOptions { Device = device });
        using LooseCall call = runner.CreateCall(RequestInputs.For(model, new Dictionary<string, string>(), new Dictionary<string, string>()));
        double time = Median(rounds, () => call.Run());
        DeviceReport? report = runner.DeviceReport;
        return new Placed(time, report is { Device: not null, RanAgain: 0 } ? report.MemoryUsed : null, report?.ToString() ?? "on the CPU");
    }

    // Microseconds.
    private static double Median(int rounds, Action run)
    {
        double[] times = new double[rounds];
        for (int i = -Math.Max(5, rounds / 10); i < rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            run();
            if (i >= 0)
                times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }
        Array.Sort(times);
        return times[rounds / 2];
    }

    private static string Percent(double part) => string.Create(CultureInfo.InvariantCulture, $"{part * 100:0.0} %");

    private static string Unrolled(double? time) => time is { } found ? string.Create(CultureInfo.InvariantCulture, $", {found:0} us unrolled") : "";

    private static string Less(double? gain) => gain is { } part ? $" ({Percent(part)} less)" : "";

    /// <summary>A run of a runner.</summary>
    /// <param name="Microseconds">Median; null where it did not run.</param>
    /// <param name="Bytes">Of the GPU's memory, as the runner calculates it: weights, what its sessions need beside, values between them; null where it did not run there.</param>
    /// <param name="On">What ran where, or why it did not.</param>
    internal sealed record Placed(double? Microseconds, double? Bytes, string On)
    {
        public bool IsOnGpu => Bytes != null;

        public override string ToString() => IsOnGpu ? string.Create(CultureInfo.InvariantCulture, $"{Microseconds:0} us, {Bytes / 1e6:0.0} MB (calculated), {On}") : On;
    }

    internal sealed record Result(string Model, double? Cpu, double Fused, double? Unrolled, double DeviceBytes, Placed Latency, Placed Memory)
    {
        /// <summary>The GPU alone, in the faster form.</summary>
        public double Gpu => Math.Min(Fused, Unrolled ?? Fused);

        public double? LatencyGain => Latency.IsOnGpu ? 1 - (Latency.Microseconds / Gpu) : null;

        public double? MemoryGain => Memory.IsOnGpu ? 1 - (Memory.Bytes / DeviceBytes) : null;
    }
}
