using System;
using System.Diagnostics;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Sessions;
using Cleave.Sources;
using Cleave.Workers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cleave;

/// <summary>What a runner is made of, whatever its inputs and outputs: the opened model, its session, buffers and threads. Thread-safe.</summary>
internal sealed class RunnerEngine
{
    /// <summary>How often a disposal that waits says so.</summary>
    internal TimeSpan DisposeStep { get; set; } = TimeSpan.FromSeconds(10);

    private readonly ILogger _logger;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Plan _plan;

    private RunnerEngine(ModelDefinition definition, OpenedModel model, SessionFactory sessions, CoreBudget cores, Plan plan, SegmentSession session, ILogger logger)
    {
        _logger = logger;
        _plan = plan;
        Definition = definition;
        Model = model;
        Sessions = sessions;
        Session = session;
        Trunk = plan.Lanes[0];
        Shapes = new ShapeTable(definition);
        Predictions = new OutputPredictions(Shapes, definition.Outputs.Length);
        Gate = new RunGate(definition.Name);
        Workers = new WorkerPool(definition.Name, cores.Cores);
        Pool = new CallPool(dims => new CallBuffers(this, dims));
    }

    public string Name => Definition.Name;

    public ModelDefinition Definition { get; }

    public OpenedModel Model { get; }

    public SessionFactory Sessions { get; }

    public SegmentSession Session { get; }

    public Action<Lane> Trunk { get; }

    public ShapeTable Shapes { get; }

    public OutputPredictions Predictions { get; }

    public RunGate Gate { get; }

    public CallPool Pool { get; }

    public WorkerPool Workers { get; }

    public static RunnerEngine Open(ModelDefinition definition, RunnerOptions options)
    {
        long start = Stopwatch.GetTimestamp();
        ILogger logger = options.Logger ?? NullLogger.Instance;
        CoreBudget cores = CoreBudget.Resolve(options.Cores);
        if (cores.Ignored is { } value)
            Log.CoresIgnored(logger, definition.Name, value);
        Budget budget = Budget.Choose(definition.Budgets, cores.Cores);
        if (budget.Plan.Segments.Length != 1 || budget.Plan.Lanes.Length != 1)
            throw new NotSupportedException("The plan '" + budget.Plan.Name + "' of '" + definition.Name + "' has several segments; this version of Cleave.Runtime runs one.");
        OpenedModel model = OpenedModel.Open(definition, options);
        SegmentSession? session = null;
        try
        {
            SessionFactory sessions = new(model, definition, options, ProcessFiles.System, logger);
            session = sessions.Create(budget.Plan.Segments[0], budget.Threads[0]);
            RunnerEngine engine = new(definition, model, sessions, cores, budget.Plan, session, logger);
            Log.Opened(logger, definition.Name, budget.Plan.Name, cores.Cores, cores.Reason, string.Join(' ', budget.Threads),
                session.Way, sessions.Weights.Loading, sessions.Weights.Reason,
                Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            return engine;
        }
        catch
        {
            session?.Dispose();
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
            while (!Workers.Ended.Wait(DisposeStep))
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
            await WaitSaying(Workers.Ended, start).ConfigureAwait(false);
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
        Log.DisposeWaits(_logger, Name, Stopwatch.GetElapsedTime(start).TotalSeconds, Gate.Inside, _plan.Name, Workers.Waiting);

    private void Free()
    {
        try
        {
            Pool.Close();
            Session.Dispose();
            Model.Dispose();
        }
        finally
        {
            _closed.SetResult();
        }
    }
}
