using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Plans;
using Cleave.Sessions;
using Cleave.Sources;
using Cleave.Workers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cleave;

/// <summary>What a runner is made of, whatever its inputs and outputs: the opened model, its sessions, buffers and threads. Thread-safe.</summary>
internal sealed class RunnerEngine
{
    /// <summary>How often a disposal that waits says so.</summary>
    internal TimeSpan DisposeStep { get; set; } = TimeSpan.FromSeconds(10);

    private readonly ILogger _logger;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RunnerEngine(ModelDefinition definition, OpenedModel model, SessionTable sessions, OpenedPlan plan, CoreBudget cores, RunnerOptions options, ILogger logger)
    {
        _logger = logger;
        Sessions = sessions;
        Definition = definition;
        Model = model;
        Plan = plan;
        Shapes = new ShapeTable(definition, plan.Outline.Results);
        Predictions = new ResultPredictions(Shapes, plan.Outline.Results.Length);
        Gate = new RunGate(definition.Name);
        LaneSettings = new LaneSettings(Gate, HasCores: plan.Threads.Sum() <= cores.Cores, options.Timeline);
        // A request whose first lane is done still has a thread, which waits for the other lanes.
        Workers = new WorkerPool(Threads(definition.Name, "worker", cores.Cores + plan.Threads.Length - 1, plan.Pins?[0], LaneSettings.HasCores, logger));
        Crew = plan.Threads.Length == 1 ? null : new LaneCrew(Enumerable.Range(1, plan.Threads.Length - 1)
            .Select(lane => LaneThread(definition.Name, lane, plan.Pins?[lane], LaneSettings.HasCores, logger)));
        Abreast = Crew is null ? cores.Cores : 1;
        Groups = GroupSchedule.Of(plan.Outline, plan.Threads, plan.Pins != null);
        Pool = new CallPool(dims => new CallBuffers(this, dims));
    }

    public string Name => Definition.Name;

    public ModelDefinition Definition { get; }

    public OpenedModel Model { get; }

    public SessionTable Sessions { get; }

    public OpenedPlan Plan { get; }

    public LaneSettings LaneSettings { get; }

    public ShapeTable Shapes { get; }

    public ResultPredictions Predictions { get; }

    public RunGate Gate { get; }

    public CallPool Pool { get; }

    public WorkerPool Workers { get; }

    /// <summary>The threads of the lanes but the first; null where there is one lane.</summary>
    public LaneCrew? Crew { get; }

    /// <summary>What the lanes do for several samples at once; null where samples run one by one.</summary>
    public GroupSchedule? Groups { get; internal set; }

    /// <summary>How many threads may work on one job; where there are lanes, one, which runs the first lane.</summary>
    public int Abreast { get; }

    public static RunnerEngine Open(ModelDefinition definition, RunnerOptions options)
    {
        long start = Stopwatch.GetTimestamp();
        ILogger logger = options.Logger ?? NullLogger.Instance;
        CoreBudget cores = CoreBudget.Resolve(options.Cores);
        if (cores.Ignored is { } value)
            Log.CoresIgnored(logger, definition.Name, value);
        OpenedModel model = OpenedModel.Open(definition, options);
        SessionTable? sessions = null;
        try
        {
            SessionFactory factory = new(model, definition, options, ProcessFiles.System, logger);
            sessions = new SessionTable(factory);
            OpenedPlan plan = OpenedPlan.Open(definition, options, cores.Cores, sessions, logger);
            RunnerEngine engine = new(definition, model, sessions, plan, cores, options, logger);
            Log.Opened(logger, definition.Name, plan.Outline.Plan.Name, cores.Cores, cores.Reason, OpenedPlan.Words(plan.Threads),
                plan.Sessions[0].Way, factory.Weights.Loading, factory.Weights.Reason,
                Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            return engine;
        }
        catch
        {
            sessions?.Dispose();
            model.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (Gate.Close())
        {
            long start = Stopwatch.GetTimestamp();
            while (!Gate.Drained.Wait(DisposeStep))
                SayWhatRuns(start);
            Workers.Stop();
            Crew?.Stop();
            Task ended = ThreadsEnded();
            while (!ended.Wait(DisposeStep))
                SayWhatRuns(start);
            Free();
        }
        // Another thread disposes, and says what it waits for.
        while (!_closed.Task.Wait(DisposeStep))
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Gate.Close())
        {
            long start = Stopwatch.GetTimestamp();
            await WaitSaying(Gate.Drained, start).ConfigureAwait(false);
            Workers.Stop();
            Crew?.Stop();
            await WaitSaying(ThreadsEnded(), start).ConfigureAwait(false);
            Free();
        }
        await _closed.Task.ConfigureAwait(false);
    }

    private async Task WaitSaying(Task task, long start)
    {
        while (await Task.WhenAny(task, Task.Delay(DisposeStep)).ConfigureAwait(false) != task)
            SayWhatRuns(start);
    }

    private void SayWhatRuns(long start) =>
        Log.DisposeWaits(_logger, Name, Stopwatch.GetElapsedTime(start).TotalSeconds, Gate.Inside, Plan.Outline.Plan.Name, Workers.Waiting);

    private Task ThreadsEnded() => Crew is null ? Workers.Ended : Task.WhenAll(Workers.Ended, Crew.Ended);

    private static WorkerSettings Threads(string model, string what, int most, ThreadPin? pin, bool maySpin, ILogger logger) =>
        new(number => string.Create(CultureInfo.InvariantCulture, $"Cleave {model} {what} {number}"), most, logger)
        {
            Pin = pin,
            SpinLimit = maySpin ? WorkerSettings.ShortSpin : 0,
        };

    // Where lanes share cores, one that spins while it has nothing to do takes the core from one that has.
    private static WorkerSettings LaneThread(string model, int lane, ThreadPin? pin, bool maySpin, ILogger logger) =>
        new(_ => string.Create(CultureInfo.InvariantCulture, $"Cleave {model} lane {lane}"), 1, logger)
        {
            Pin = pin,
            SpinLimit = maySpin ? LaneWait.SpinLimit : 0,
        };

    private void Free()
    {
        try
        {
            Pool.Close();
            Sessions.Dispose();
            Model.Dispose();
        }
        finally
        {
            _closed.SetResult();
        }
    }
}
