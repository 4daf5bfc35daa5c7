using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Batching;
using Cleave.Calls;
using Cleave.Core.Tuning;
using Cleave.Cores;
using Cleave.Devices.Dispatch;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Jobs;
using Cleave.Lanes;
using Cleave.Ledger;
using Cleave.Logging;
using Cleave.Modes;
using Cleave.Plans;
using Cleave.Prepared.Making;
using Cleave.Sessions;
using Cleave.Sources;
using Cleave.Tuning;
using Cleave.Workers;
using Microsoft.Extensions.Logging;

namespace Cleave.Engines;

/// <summary>What a runner is made of, whatever its inputs and outputs: the opened model, its sessions, buffers and threads. Thread-safe.</summary>
internal sealed class RunnerEngine : IRequestSource
{
    // As many sets of dimensions as are warmed for: requests come in a few.
    private const int MostWarmed = 8;

    private readonly ILogger _logger;
    private readonly OpenRunner _listed;
    private readonly int _abreast;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _divided;

    private RunnerEngine(
        ModelDefinition definition, OpenedModel model, SessionTable sessions, RunnerModes modes, RunGate gate, CoreBudget cores, RunnerOptions options, CurrentEngine home,
        RunnerEngine? alike, DeviceMode? device, ILogger logger)
    {
        _logger = logger;
        Sessions = sessions;
        Definition = definition;
        Model = model;
        Modes = modes;
        Gate = gate;
        Home = home;
        Device = device;
        ExpectedTimes expected = new(definition, Shapes);
        Times = alike?.Times ?? new RunnerTimes(modes.Count, modes.PlannedIndex, expected.Alone);
        DivisionTimes = alike?.DivisionTimes ?? new RunnerTimes(modes: 2, planned: 0, expected.Alone);
        int[] threads = Plan.Threads;
        // A request whose first lane is done still has a thread, which waits for the other lanes.
        Workers = new WorkerPool(WorkerThreads(definition.Name, cores.Cores + threads.Length - 1, Plan.Pins?[0], modes.Planned.LaneSettings.HasCores, logger));
        Closing = new DisposalWait(definition.Name, gate, "plan " + Plan.Outline.Plan.Name, Workers, logger);
        // Where the whole model runs on one thread, too, as many samples as there are cores do so at once, and no core waits for another.
        bool onLanes = threads.Length > 1 && modes.Count == 1;
        _abreast = onLanes ? 1 : cores.Cores;
        Groups = onLanes && device?.Mode is null ? GroupSchedule.Of(Plan.Outline, threads, Plan.Pins != null) : null;
        string whyWhole = "it runs on an accelerator";
        Divider = device?.Mode != null ? null : BatchDivider.Of(definition, options, Shapes, modes, cores.Cores, sessions.Factory.EstimatedBytes(modes.Wanted(modes.Count - 1).Plan), logger, out whyWhole);
        if (Divider is null && options.Dividing == DividingChoice.On)
            Log.NoDividing(logger, definition.Name, whyWhole);
        Pool = new CallPool<CallBuffers>(dims => new CallBuffers(this, Pool!, dims));
        if (definition.Batch is { } axis && !options.Deterministic)
            Joined = new JoinedCalls(definition.Name, axis, Shapes.SymbolOf(axis.Dimension), modes, (pool, dims) => new CallBuffers(this, pool, dims), logger);
        Jobs = new JobPlanner(definition, Shapes, options.Parts, modes.PartThreads(_abreast), Joined);
        CallMeter calls = new(modes.Ledger, definition.Name);
        Waiting = new WaitingRequests(calls);
        BatchSizes = BatchSizes.Of(definition, options, Shapes, out string why);
        if (BatchSizes is { } sizes)
        {
            Batches = new BatchRun(definition.Name, Joined!, calls, logger);
            Queue = new BatchQueue(model.Place, Batches, options.Batching, Workers, _abreast);
            Log.Batches(logger, definition.Name, sizes.Axis.Dimension, sizes.Words);
        }
        else if (options.Batching.Choice == BatchingChoice.On)
        {
            Log.NoBatches(logger, definition.Name, why);
        }
        _listed = new OpenRunner(definition.Name, modes, Times) { Queue = Queue, Others = Waiting, Counts = Batches?.Counts };
    }

    public string Name => Definition.Name;

    public ModelDefinition Definition { get; }

    /// <summary>Knows where the runner's requests go now.</summary>
    public CurrentEngine Home { get; }

    public OpenedModel Model { get; }

    public SessionTable Sessions { get; }

    /// <summary>The ways in which it runs the model.</summary>
    public RunnerModes Modes { get; }

    /// <summary>How it runs the model on an accelerator; null where it is not to.</summary>
    public DeviceMode? Device { get; }

    /// <summary>How many places a call has for what it is bound to: one for each instance of a mode, and one for the accelerator.</summary>
    public int Places => Modes.Places + 1;

    /// <summary>How long requests took lately.</summary>
    public RunnerTimes Times { get; }

    /// <summary>How long requests took lately whose batch was divided, or might have been.</summary>
    public RunnerTimes DivisionTimes { get; }

    /// <summary>How many batches were divided.</summary>
    public long DividedBatches => Interlocked.Read(ref _divided);

    /// <summary>Notes that one was.</summary>
    public void CountDivided() => Interlocked.Increment(ref _divided);

    /// <summary>The plan of the planned mode.</summary>
    public OpenedPlan Plan => Modes.Planned.Plan;

    public ShapeTable Shapes => Modes.Planned.Shapes;

    public RunGate Gate { get; }

    public CallPool<CallBuffers> Pool { get; }

    RequestBuffers IRequestSource.Rent(int[] dims) => Pool.Rent(dims);

    RequestBuffers? IRequestSource.TryRent(int[] dims) => Pool.TryRent(dims);

    RequestBuffers IRequestSource.New(int[] dims, InputSlot[] inputs)
    {
        CallBuffers made = new(this, Pool, dims, inputs);
        Pool.Join();
        return made;
    }

    /// <summary>How batches are divided; null where none is.</summary>
    public BatchDivider? Divider { get; }

    /// <summary>How many samples of requests may run together; null where none may.</summary>
    public BatchSizes? BatchSizes { get; }

    /// <summary>Plans the jobs.</summary>
    public JobPlanner Jobs { get; }

    /// <summary>Runs calls together; null where they must not be.</summary>
    public JoinedCalls? Joined { get; }

    /// <summary>Runs requests together; null where none may.</summary>
    public BatchRun? Batches { get; }

    /// <summary>Where requests wait for a core that may run together; null where none may.</summary>
    public BatchQueue? Queue { get; }

    public WorkerPool Workers { get; }

    /// <summary>How its disposal waits.</summary>
    public DisposalWait Closing { get; }

    /// <summary>The requests that wait for a worker and run with no others.</summary>
    public WaitingRequests Waiting { get; }

    /// <summary>Prepares it for the next start.</summary>
    public BackgroundPreparation Preparing { get; private set; } = null!;

    /// <summary>Measures which of the modes is the best.</summary>
    public RunnerTuning Tuning { get; private set; } = null!;

    /// <summary>What the lanes do for several samples at once; null where samples run one by one.</summary>
    public GroupSchedule? Groups { get; internal set; }

    /// <summary>How many threads may work on one job now, each with one core or more; where it takes all lanes, one, which runs the first of them.</summary>
    public int Abreast => Math.Min(_abreast, Modes.Ledger.Cores.Now);

    /// <param name="definition">The model.</param>
    /// <param name="options">How to open and run it.</param>
    /// <param name="home">Where the runner's requests go is known there.</param>
    /// <param name="before">The engine whose place it is to take; null: none.</param>
    public static RunnerEngine Open(ModelDefinition definition, RunnerOptions options, CurrentEngine home, RunnerEngine? before)
    {
        long start = Stopwatch.GetTimestamp();
        ILogger logger = QuietLogger.Of(options.Logger);
        CoreLedger ledger = options.Ledger ?? CoreLedger.Process;
        ledger.Cores.Read();
        CoreBudget cores = ledger.Cores.Budget.WithOption(options.Cores);
        if (cores.Ignored is { } value)
            Log.CoresIgnored(logger, definition.Name, value);
        OpenedModel model = OpenedModel.Open(definition, options);
        options.Processors = before is null ? [] : [.. before.Modes.Leases];
        SessionTable? sessions = null;
        RunnerModes? modes = null;
        DeviceMode? device = null;
        try
        {
            SessionFactory factory = new(model, definition, options, options.Files, logger);
            sessions = new SessionTable(factory);
            RunGate gate = new(definition.Name);
            TuningStore store = new(definition, model.Path, options.TuningFolder,
                new Lazy<MachineSignature>(() => ThisMachine.Of(cores.Cores) with { Precision = factory.Precision.Halves is null ? "" : MachineSignature.Widened }), logger);
            TuningSection? tuned = options.IsTrial ? null : before?.Tuning.Known is { } known && known.Machine == store.Machine ? known : store.Load();
            ChosenPlan? best = options.Deterministic && before != null ? before.Modes.Wanted(before.Modes.PlannedIndex) : tuned is null ? null : TunedRunner.Plan(tuned, definition.Budgets);
            ThreadGain gain = new(definition, tuned);
            ModeList list = ModeList.Of(definition, options, cores.Cores, sessions.CanSplit, best,
                mode => factory.IsCheap(mode.Plan) || gain.Pays(mode));
            ModeOpener opener = new(definition, options, list, cores, ledger, sessions, gate, logger);
            modes = new RunnerModes(ledger, options.Hint, opener);
            OpenedPlan plan = modes.Planned.Plan;
            device = DeviceModeOpener.Open(definition, options, cores.Cores, modes.Places, sessions, ledger, logger);
            if (tuned != null && TunedRunner.Times(tuned, definition, modes.Planned.Shapes, isCrowded: true) is { } times)
                definition = definition.With(times);
            // Other weights take no other time; what another tuning measured is not mixed in.
            RunnerEngine? alike = before != null && before.Modes.AreAlike(modes) && before.Tuning.Known == tuned ? before : null;
            RunnerEngine engine = new(definition, model, sessions, modes, gate, cores, options, home, alike, device, logger);
            engine.Preparing = new BackgroundPreparation(factory, definition, options, list.Modes, ledger, gate, options.Files, logger);
            engine.Tuning = new RunnerTuning(engine, options, cores, store, tuned, isLearned: alike != null, logger);
            Log.Opened(logger, definition.Name, plan.Outline.Plan.Name, cores.Cores, cores.Reason, OpenedPlan.Words(plan.Threads),
                plan.Sessions[0].Way, factory.Weights.Loading, factory.Weights.Reason,
                Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            ledger.Runners.Add(engine._listed);
            // Where the application said how many cores, more change nothing; with others, equal inputs would not give equal bits.
            if (options.Cores is null && !options.Deterministic && !options.IsTrial)
            {
                // On an accelerator cores change nothing, and it may have no room for the model twice.
                modes.Growth.IsHeld = () => device?.InUse is not null;
                modes.Growth.Grown = () => _ = home.ReopenInBackground(logger, isNeeded: static engine => engine.Modes.Growth.IsThere);
            }
            modes.Exchange.Reconfigures = (instances, noRoom) => _ = home.ReopenInBackground(logger, instances, noRoom);
            if (store.IsAsked && (tuned is null || store.IsLess) && !options.IsTrial && !home.IsMember)
                engine.Tuning.StartByItself(saysWhyNot: before is null);
            factory.Prepared.Refused = engine.Preparing.StartIfMissing;
            engine.Preparing.StartIfMissing();
            return engine;
        }
        catch
        {
            modes?.Stop();
            Free(device);
            sessions?.Dispose();
            model.Dispose();
            if (modes is not null)
                GiveBack(modes);
            throw;
        }
    }

    /// <summary>Opens the modes that another engine of the model has open, and runs each with the inputs that came there last.</summary>
    /// <param name="other">The engine.</param>
    /// <param name="instances">The threads of the sessions to open instead, besides the planned one; null: those that it has.</param>
    /// <param name="token">Gives up.</param>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was cancelled.</exception>
    public void WarmLike(RunnerEngine other, int[]? instances, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        Modes.Exchange.Exchanges = other.Modes.Exchange.Exchanges;
        if (instances is null)
            Modes.OpenLike(other.Modes);
        else
            Modes.OpenFor(instances);
        List<CallBuffers> recent = other.Pool.TakeRecent(MostWarmed);
        try
        {
            foreach (CallBuffers inputs in recent)
                Warm(inputs, token);
        }
        finally
        {
            // The one used last comes to the front last.
            for (int i = recent.Count - 1; i >= 0; i--)
                recent[i].Release(recent[i].Generation);
        }
        token.ThrowIfCancellationRequested();
        Log.Reloaded(_logger, Name, Model.Place, Modes.Memory.Taken / 1048576.0, other.Modes.Memory.Taken / 1048576.0);
    }

    public void Dispose()
    {
        if (Gate.Close())
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                HurryUp();
                Closing.Wait(Gate.Drained, start);
                // Not for all in one: that task would end on the thread pool.
                foreach (Task threads in StopThreads())
                    Closing.Wait(threads, start);
            }
            catch (ThreadInterruptedException)
            {
                // Somebody wants this thread elsewhere; others that dispose wait for the end all the same.
                _ = CloseAsync(start);
                throw;
            }
            Free();
        }
        // Another thread disposes, and says what it waits for.
        while (!_closed.Task.Wait(Closing.Step))
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Gate.Close())
            await CloseAsync(Stopwatch.GetTimestamp()).ConfigureAwait(false);
        await _closed.Task.ConfigureAwait(false);
    }

    private async Task CloseAsync(long start)
    {
        HurryUp();
        await Closing.WaitAsync(Gate.Drained, start).ConfigureAwait(false);
        await Closing.WaitAsync(Task.WhenAll(StopThreads()), start).ConfigureAwait(false);
        Free();
    }

    // What need not be finished.
    private void HurryUp()
    {
        Queue?.Hurry();
        Tuning.Stop();
        Preparing.Stop();
    }

    // Each is done when it has ended.
    private Task[] StopThreads()
    {
        Workers.Stop();
        Modes.Stop();
        Device?.Mode?.Stop();
        return [Workers.Ended, .. Modes.Ended, .. Device?.Mode?.Ended ?? []];
    }

    private void Warm(CallBuffers inputs, CancellationToken token)
    {
        CallBuffers buffers = Pool.Rent(inputs.Dims);
        Modes.Ledger.EnterBackground();
        try
        {
            inputs.CopyInputsTo(buffers);
            for (int i = 0; i < Modes.Count; i++)
            {
                foreach (RunnerMode mode in Modes.Instances(i))
                    buffers.Warm(mode, token);
            }
            if (Device?.InUse is { } device)
                buffers.Warm(device, token);
        }
        catch (CleaveException e)
        {
            // A call that nobody filled, or a request that failed, too, left such inputs.
            Log.NotWarmed(_logger, Name, e.Message, e);
        }
        finally
        {
            Modes.Ledger.LeaveBackground(1);
            buffers.Release(buffers.Generation);
        }
    }

    private static WorkerSettings WorkerThreads(string model, int most, ThreadPin? pin, bool maySpin, ILogger logger) =>
        new(number => string.Create(CultureInfo.InvariantCulture, $"Cleave {model} worker {number}"), most, logger)
        {
            Pin = pin,
            SpinLimit = maySpin ? WorkerSettings.ShortSpin : 0,
        };

    private static void Free(DeviceMode? mode)
    {
        if (mode?.Mode?.Plan.Device is not { } side)
            return;
        side.Dispose();
        side.Device.Dispose();
    }

    // What others of the process may have now.
    private static void GiveBack(RunnerModes modes)
    {
        foreach (ProcessorLease lease in modes.Leases)
            modes.Ledger.Pinned.Return(lease);
        modes.Memory.Close();
    }

    private void Free()
    {
        try
        {
            Modes.Ledger.Runners.Remove(_listed);
            Pool.Close();
            Joined?.Pool.Close();
            Free(Device);
            Sessions.Dispose();
            Model.Dispose();
        }
        finally
        {
            GiveBack(Modes);
            _closed.SetResult();
        }
    }
}
