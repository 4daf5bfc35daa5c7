using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Placement;
using Cleave.Emulator;
using Cleave.Tool.Measuring;
using Google.Protobuf;

namespace Cleave.Benchmarks.Placement;

/// <summary>
/// A runner on an emulated accelerator: whether requests take as long as predicted, and copy what was planned. The accelerator takes the times of its profile and computes nothing; what runs on the CPU
/// runs there, and its times are measured in a first runner, as a profile of the CPU, before the makespan is predicted from both. What it takes from one side to the other beside the copies, wake-ups above
/// all, is of the machine at hand, too: it is measured before, on a plan of one segment after the other whose copies and launches take no time.
/// </summary>
internal sealed class DeviceDispatch : IFamily
{
    private const double Most = 0.1;
    // Until everything is compiled that a request goes through.
    private const int WarmTurns = 10;
    private const int OfTurn = 13;
    private const int WarmUp = 3;

    // Each segment waits for the one before it, on the other side.
    private static readonly (RecurrentModels Model, PlacementObjective Objective, double Slack) Chain = (new("LSTM", 3, 256, IsBoth: false), PlacementObjective.Memory, 2);

    // So long that the thread that launches sleeps meanwhile, as in the cases.
    private const double ChainRun = 500_000;

    private static readonly (RecurrentModels Model, PlacementObjective Objective, double Slack)[] Cases =
    [
        (new("LSTM", 2, 256, IsBoth: false), PlacementObjective.Latency, 1),
        (new("GRU", 4, 256, IsBoth: false), PlacementObjective.Memory, 2.5),
        (new("LSTM", 3, 256, IsBoth: false), PlacementObjective.Memory, 2),
        (new("LSTM", 4, 512, IsBoth: false), PlacementObjective.Latency, 1),
    ];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        PlacedModel chain = Place(Chain.Model, Chain.Objective, Chain.Slack);
        List<Result> results = [.. Cases.Select(c => Run(c.Model, c.Objective, c.Slack, chain, options))];
        foreach (Result result in results)
        {
            yield return Line.Shown(
                $"emulated: {result.Model}",
                string.Create(CultureInfo.InvariantCulture,
                    $"predicted {result.Predicted / 1e3:0} us, achieved {result.Achieved / 1e3:0} us ({result.Deviation * 100:+0.0;-0.0} %); {result.OnDevice} segments there, {result.OnCpu} on the CPU, {result.Copies} copies; {result.Dispatch / 1e3:0} us from side to side, planned with {PlacementModel.Dispatch / 1e3:0}"),
                result);
        }
        Result worst = results.MaxBy(r => Math.Abs(r.Deviation))!;
        yield return Line.Of(
            "emulated accelerator: achieved against predicted makespan, worst", "within 10 %",
            string.Create(CultureInfo.InvariantCulture, $"{worst.Deviation * 100:+0.0;-0.0} % ({worst.Model})"), Math.Abs(worst.Deviation) <= Most, results);
        int wrong = results.Sum(r => r.WrongRequests);
        yield return Line.Of(
            "copies across devices per request, none between segments of one device", "exactly those planned",
            $"so in {results.Sum(r => r.Requests) - wrong} of {results.Sum(r => r.Requests)} requests", wrong == 0, results);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static PlacedModel Place(RecurrentModels model, PlacementObjective objective, double slack)
    {
        byte[] bytes = model.Build().ToByteArray();
        AcceleratorProfile accelerator = AcceleratorProfiles.Default;
        PlacedModel placed = PlacedModel.Of(bytes, new PlacementRequest(PlacementObjective.Latency), accelerator);
        return objective == PlacementObjective.Latency ? placed
            : PlacedModel.Of(bytes, new PlacementRequest(objective, placed.Run.Placement.DeviceOnly.Makespan * slack), accelerator);
    }

    // In turns, each a few requests long: what the machine does beside changes from second to second.
    private static Result Run(RecurrentModels model, PlacementObjective objective, double slack, PlacedModel chain, BenchOptions options)
    {
        PlacedModel placed = Place(model, objective, slack);
        using RecordedRunner recordedChain = new(chain, Free(chain)), profiled = new(placed, placed.Emulated(computes: false));
        // A device of its own, and no record of what the lanes do.
        using EmulatedDevice device = new(placed.Emulated(computes: false));
        using PlacedRunner runner = new(placed, placed.Options(device));
        using PlacedRunner.Call call = runner.NewCall();
        List<double> dispatches = [], times = [];
        List<double[]> onCpu = [];
        int there = chain.Run.Segments.Count(static s => s.IsOnDevice), wrong = 0;
        for (int turn = -WarmTurns; turn < (options.Quick ? 3 : 30); turn++)
        {
            for (int i = 0; i < OfTurn; i++)
            {
                (double time, double[] cpu) = recordedChain.Run();
                if (turn >= 0 && i >= WarmUp)
                    dispatches.Add((time - cpu.Sum() - (there * ChainRun)) / (2 * there));
            }
            for (int i = 0; i < OfTurn; i++)
            {
                (_, double[] cpu) = profiled.Run();
                if (turn >= 0 && i >= WarmUp)
                    onCpu.Add(cpu);
            }
            for (int i = 0; i < OfTurn; i++)
            {
                int before = device.Operations.Count;
                long start = Stopwatch.GetTimestamp();
                call.Run();
                double time = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
                if (turn < 0 || i < WarmUp)
                    continue;
                times.Add(time);
                wrong += PlacedModel.Copies(device.Operations.Skip(before)).SequenceEqual(placed.PlannedCopies) ? 0 : 1;
            }
        }
        // By request: the middle of sums is not the sum of what is in the middle.
        double predicted = Median([.. onCpu.Zip(dispatches, (cpu, dispatch) => PlacedPrediction.Makespan(placed, cpu, Math.Max(0, dispatch)))]);
        return new Result(
            model.Name + (objective == PlacementObjective.Memory ? " for memory" : " for latency"), predicted, Median([.. times]),
            placed.Run.Segments.Count(s => s.IsOnDevice), placed.Run.Segments.Count(s => !s.IsOnDevice), placed.PlannedCopies.Count, times.Count, wrong, Median([.. dispatches]), [.. times]);
    }

    // Copies and launches take no time: what a request takes beyond its segments is the way from one side to the other.
    private static EmulatorProfile Free(PlacedModel chain) => chain.Emulated(computes: false) with
    {
        LaunchCost = 0,
        ToDeviceLatency = 0,
        ToHostLatency = 0,
        ToDeviceBandwidth = double.PositiveInfinity,
        ToHostBandwidth = double.PositiveInfinity,
        RunTime = static (_, _) => ChainRun,
    };

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    internal sealed record Result(string Model, double Predicted, double Achieved, int OnDevice, int OnCpu, int Copies, int Requests, int WrongRequests, double Dispatch, double[] Times)
    {
        public double Deviation => (Achieved / Predicted) - 1;
    }

    // A runner of which it is known how long each segment on the CPU took.
    private sealed class RecordedRunner : IDisposable
    {
        // More than a request has spans.
        private readonly Timeline _timeline = new(capacity: 256);
        private readonly EmulatedDevice _device;
        private readonly PlacedRunner _runner;
        private readonly PlacedRunner.Call _call;
        private readonly string?[] _segments;

        public RecordedRunner(PlacedModel placed, EmulatorProfile profile)
        {
            _device = new EmulatedDevice(profile);
            RunnerOptions options = placed.Options(_device);
            options.Timeline = _timeline;
            _runner = new PlacedRunner(placed, options);
            _call = _runner.NewCall();
            _segments = [.. placed.Definition.Device!.Plan.Segments.Select(s => s.IsOnDevice ? null : s.Name)];
        }

        /// <summary>Nanoseconds of a request, and by segment; 0 for those on the accelerator.</summary>
        public (double Time, double[] OnCpu) Run()
        {
            long start = Stopwatch.GetTimestamp();
            _call.Run();
            double time = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            Dictionary<string, double> spans = _timeline.InOrder().Select(s => s.Span).Where(s => s.Start >= start && !s.IsWait)
                .ToDictionary(s => s.Name, s => Stopwatch.GetElapsedTime(s.Start, s.End).TotalNanoseconds, StringComparer.Ordinal);
            return (time, Array.ConvertAll(_segments, s => s is null ? 0 : spans[s]));
        }

        public void Dispose()
        {
            _call.Dispose();
            _runner.Dispose();
            _device.Dispose();
        }
    }
}
