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
    private const int WarmUp = 30;

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
        double dispatch = Dispatch(options);
        yield return Line.Shown("emulated: from one side to the other, beside copies and launches", string.Create(CultureInfo.InvariantCulture, $"{dispatch / 1e3:0} us here; planned with {PlacementModel.Dispatch / 1e3:0} us"), dispatch);
        List<Result> results = [.. Cases.Select(c => Run(c.Model, c.Objective, c.Slack, dispatch, options))];
        foreach (Result result in results)
        {
            yield return Line.Shown(
                $"emulated: {result.Model}",
                string.Create(CultureInfo.InvariantCulture,
                    $"predicted {result.Predicted / 1e3:0} us, achieved {result.Achieved / 1e3:0} us ({result.Deviation * 100:+0.0;-0.0} %); {result.OnDevice} segments there, {result.OnCpu} on the CPU, {result.Copies} copies"),
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

    // What a request takes beyond its segments, by the times that they have to wait for the other side.
    private static double Dispatch(BenchOptions options)
    {
        PlacedModel placed = Place(Chain.Model, Chain.Objective, Chain.Slack);
        EmulatorProfile free = placed.Emulated(computes: false) with
        {
            LaunchCost = 0,
            ToDeviceLatency = 0,
            ToHostLatency = 0,
            ToDeviceBandwidth = double.PositiveInfinity,
            ToHostBandwidth = double.PositiveInfinity,
            RunTime = static (_, _) => ChainRun,
        };
        int rounds = Rounds(options), there = placed.Run.Segments.Count(static s => s.IsOnDevice);
        double[] onCpu = ProfileCpu(placed, free, rounds);
        using EmulatedDevice device = new(free);
        using PlacedRunner runner = new(placed, placed.Options(device));
        using PlacedRunner.Call call = runner.NewCall();
        double[] times = new double[rounds];
        for (int i = -WarmUp; i < rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            call.Run();
            if (i >= 0)
                times[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }
        // Once to each segment there, and once from it.
        return Math.Max(0, (Median(times) - onCpu.Sum() - (there * ChainRun)) / (2 * there));
    }

    private static int Rounds(BenchOptions options) => options.Quick ? 20 : 300;

    private static Result Run(RecurrentModels model, PlacementObjective objective, double slack, double dispatch, BenchOptions options)
    {
        PlacedModel placed = Place(model, objective, slack);
        int rounds = Rounds(options);
        double[] onCpu = ProfileCpu(placed, placed.Emulated(computes: false), rounds);
        double predicted = PlacedPrediction.Makespan(placed, onCpu, dispatch);
        // A device of its own, and no record of what the lanes do.
        using EmulatedDevice device = new(placed.Emulated(computes: false));
        using PlacedRunner runner = new(placed, placed.Options(device));
        using PlacedRunner.Call call = runner.NewCall();
        double[] times = new double[rounds];
        int wrong = 0;
        for (int i = -WarmUp; i < rounds; i++)
        {
            int before = device.Operations.Count;
            long start = Stopwatch.GetTimestamp();
            call.Run();
            double time = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            if (i < 0)
                continue;
            times[i] = time;
            wrong += PlacedModel.Copies(device.Operations.Skip(before)).SequenceEqual(placed.PlannedCopies) ? 0 : 1;
        }
        return new Result(
            model.Name + (objective == PlacementObjective.Memory ? " for memory" : " for latency"), predicted, Median(times), placed.Run.Segments.Count(s => s.IsOnDevice),
            placed.Run.Segments.Count(s => !s.IsOnDevice), placed.PlannedCopies.Count, rounds, wrong, times);
    }

    // By segment: nanoseconds that it took in a runner whose lanes were recorded; 0 for those on the accelerator.
    private static double[] ProfileCpu(PlacedModel placed, EmulatorProfile profile, int rounds)
    {
        Timeline timeline = new();
        using EmulatedDevice device = new(profile);
        RunnerOptions options = placed.Options(device);
        options.Timeline = timeline;
        using (PlacedRunner runner = new(placed, options))
        {
            using PlacedRunner.Call call = runner.NewCall();
            for (int i = 0; i < WarmUp + rounds; i++)
                call.Run();
        }
        ILookup<string, double> spans = timeline.InOrder().Select(s => s.Span).Where(s => !s.IsWait)
            .ToLookup(s => s.Name, s => Stopwatch.GetElapsedTime(s.Start, s.End).TotalNanoseconds, StringComparer.Ordinal);
        return [.. placed.Definition.Device!.Plan.Segments.Select(s => s.IsOnDevice ? 0 : Median([.. spans[s.Name].Skip(WarmUp)]))];
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    internal sealed record Result(string Model, double Predicted, double Achieved, int OnDevice, int OnCpu, int Copies, int Requests, int WrongRequests, double[] Times)
    {
        public double Deviation => (Achieved / Predicted) - 1;
    }
}
