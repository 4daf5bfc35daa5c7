using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Ledger;
using Cleave.Plans;
using Cleave.Workers;
using Microsoft.Extensions.Logging;

namespace Cleave.Modes;

/// <summary>
/// One way in which a runner runs its model, or one instance of it: an opened plan with the threads of its lanes, and what is known of its results. Thread-safe.
/// </summary>
internal sealed class RunnerMode
{
    private int _running;

    /// <param name="definition">The model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="settings">What the lanes have in common.</param>
    /// <param name="place">Its number among the runner's modes and their instances.</param>
    /// <param name="oneAtATime">Whether its threads serve one request at a time: others run in another mode meanwhile.</param>
    /// <param name="logger">Gets a warning when a thread dies.</param>
    public RunnerMode(ModelDefinition definition, OpenedPlan plan, LaneSettings settings, int place, bool oneAtATime, ILogger logger)
    {
        Plan = plan;
        LaneSettings = settings;
        Place = place;
        IsOneAtATime = oneAtATime;
        Cores = plan.Cores;
        Counted = new ModeRequests(Words);
        Shapes = new ShapeTable(definition, plan.Outline.Results);
        Predictions = new ResultPredictions(Shapes, plan.Outline.Results.Length);
        Crew = plan.Threads.Length == 1 ? null : new LaneCrew(Enumerable.Range(1, plan.Threads.Length - 1)
            .Select(lane => LaneThread(definition.Name, lane, plan, settings.HasCores, logger)));
    }

    public OpenedPlan Plan { get; }

    /// <summary>Its number among the runner's modes and their instances.</summary>
    public int Place { get; }

    /// <summary>The cores that one request uses.</summary>
    public int Cores { get; }

    public LaneSettings LaneSettings { get; }

    public ShapeTable Shapes { get; }

    public ResultPredictions Predictions { get; }

    /// <summary>The threads of the lanes but the first; null where there is one lane.</summary>
    public LaneCrew? Crew { get; }

    /// <summary>Done when the threads have ended, after <see cref="Stop"/>.</summary>
    public IEnumerable<Task> Ended => Crew?.Ended ?? [];

    /// <summary>How many requests began in it.</summary>
    public long Requests => Counted.Count;

    /// <summary>Counts them.</summary>
    public ModeRequests Counted { get; }

    /// <summary>How many run in it now.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>For the log.</summary>
    public string Words => WordsOf(Plan.Outline.Plan.Name, Plan.Threads);

    public static string WordsOf(string plan, int[] threads) => plan + " with " + OpenedPlan.Words(threads) + (threads is [1] ? " thread" : " threads");

    /// <summary>Whether its threads serve one request at a time.</summary>
    public bool IsOneAtATime { get; }

    /// <summary>Begins a request; false where another one uses the threads.</summary>
    public bool TryBegin()
    {
        if (!IsOneAtATime)
            Interlocked.Increment(ref _running);
        else if (Interlocked.CompareExchange(ref _running, 1, 0) != 0)
            return false;
        Counted.Add(1);
        return true;
    }

    /// <summary>Begins a request, although others use the threads.</summary>
    public void Begin()
    {
        Interlocked.Increment(ref _running);
        Counted.Add(1);
    }

    /// <summary>Counts so many requests more, which ran together with one that began.</summary>
    public void Count(int more) => Counted.Add(more);

    public void End() => Interlocked.Decrement(ref _running);

    /// <summary>Ends the threads once nothing waits any more.</summary>
    public void Stop() => Crew?.Stop();

    // Where lanes share cores, one that spins while it has nothing to do takes the core from one that has.
    private static WorkerSettings LaneThread(string model, int lane, OpenedPlan plan, bool maySpin, ILogger logger) =>
        new(_ => string.Create(CultureInfo.InvariantCulture, $"Cleave {model} {(lane == plan.Device?.Outline.Lane ? plan.Device.Device.Name + " launcher" : "lane " + lane)}"), 1, logger)
        {
            Pin = plan.Pins?[lane],
            SpinLimit = maySpin ? LaneWait.SpinLimit : 0,
        };
}
