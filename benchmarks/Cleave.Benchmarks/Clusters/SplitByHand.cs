using System;
using System.Diagnostics;
using System.Threading;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Clusters;

/// <summary>
/// The lanes of a runner's plan, in its sessions and over its memory, on threads that do nothing else: they spin whenever they wait, and nothing can be cancelled,
/// recorded, or fail. What this machine's cores give to the split at best.
/// </summary>
internal sealed class SplitByHand : IWorkload
{
    public const string Name = "split by hand";

    /// <summary>The name of the workload that takes the plan of a project's item.</summary>
    public const string OfItem = "item by hand";

    // A call is bound to memory of its own, and found to be so, by the first ones.
    private const int FirstRuns = 3;

    private readonly LooseRunner _runner;
    // Whose memory the sample is bound to.
    private readonly LooseCall _call;
    private readonly PlanSample _sample;
    private readonly Statement[][] _lanes;
    private readonly RunOptions _options = new();
    // Numbers of runs: what was begun, and by lane what is done. A value is there that was published with the present number.
    private int _begun;
    private readonly Lane[] _done;

    private SplitByHand((Func<LooseRunner> Create, RequestInputs Inputs) planned)
    {
        _runner = planned.Create();
        _call = _runner.CreateCall(planned.Inputs);
        _sample = Settled(_call);
        _begun = _sample.Number;
        _lanes = _runner.Engine.Plan.Outline.Lanes;
        _done = Array.ConvertAll(_lanes, _ => new Lane());
    }

    private static RunnerOptions Options => new() { Cores = Contest.Cores, Plan = PlanChoice.Split, Strict = true };

    /// <summary>In a worker process.</summary>
    /// <param name="arguments">The model's file, and the inputs as arguments.</param>
    public static SplitByHand Planned(string[] arguments) => new(BenchWorkloads.Planned(arguments, Options));

    /// <summary>The same of an item.</summary>
    /// <param name="arguments">The listing, the model's file, and the inputs as arguments.</param>
    public static SplitByHand PlannedItem(string[] arguments) => new(BenchWorkloads.PlannedItem(arguments, Options));

    /// <summary>What a call goes through, bound to memory that stays as long as the call.</summary>
    public static PlanSample Settled(ModelCall call)
    {
        for (int i = 0; i < FirstRuns; i++)
            call.Run();
        return call.Buffers.Plan.Sample;
    }

    public void Block(double[] nanoseconds)
    {
        int first = _begun + 1, last = _begun + nanoseconds.Length;
        Thread[] others = new Thread[_lanes.Length - 1];
        for (int i = 0; i < others.Length; i++)
        {
            int lane = i + 1;
            others[i] = new Thread(() => FollowAll(lane, first, last));
            others[i].Start();
        }
        for (int run = first; run <= last; run++)
        {
            long start = Stopwatch.GetTimestamp();
            Volatile.Write(ref _begun, run);
            Follow(0, run);
            for (int lane = 1; lane < _lanes.Length; lane++)
            {
                while (Volatile.Read(ref _done[lane].Run) != run)
                    Thread.SpinWait(1);
            }
            nanoseconds[run - first] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }
        Array.ForEach(others, static t => t.Join());
    }

    public void Dispose()
    {
        _options.Dispose();
        _call.Dispose();
        _runner.Dispose();
    }

    private void FollowAll(int lane, int first, int last)
    {
        for (int run = first; run <= last; run++)
        {
            while (Volatile.Read(ref _begun) != run)
                Thread.SpinWait(1);
            Follow(lane, run);
            Volatile.Write(ref _done[lane].Run, run);
        }
    }

    private void Follow(int lane, int run)
    {
        foreach (Statement statement in _lanes[lane])
        {
            switch (statement.Kind)
            {
                case StatementKind.Run:
                    _sample.Segments[statement.Index]!.Run(_options);
                    break;
                case StatementKind.Send:
                    _sample.Results[statement.Index].Publish(run);
                    break;
                default:
                    while (!_sample.Results[statement.Index].IsPublished(run))
                        Thread.SpinWait(1);
                    break;
            }
        }
    }

    private sealed class Lane
    {
        public int Run;
    }
}
