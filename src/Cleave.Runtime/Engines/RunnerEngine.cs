using System;
using System.Globalization;
using System.Threading.Tasks;
using Cleave.Batching;
using Cleave.Calls;
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
    private readonly int _abreast;

    /// <param name="definition">The model.</param>
    /// <param name="model">Its file, opened.</param>
    /// <param name="sessions">Its sessions.</param>
    /// <param name="modes">The ways in which it runs the model.</param>
    /// <param name="gate">Where its requests enter.</param>
    /// <param name="cores">The cores that it has.</param>
    /// <param name="options">How to run the model.</param>
    /// <param name="home">Where the runner's requests go is known there.</param>
    /// <param name="alike">An engine whose times are true of this one, too; null: there is none.</param>
    /// <param name="device">How it runs the model on an accelerator; null where it is not to.</param>
    /// <param name="logger">The log.</param>
    public RunnerEngine(
        ModelDefinition definition, OpenedModel model, SessionTable sessions, RunnerModes modes, RunGate gate, CoreBudget cores, RunnerOptions options, CurrentEngine home,
        RunnerEngine? alike, DeviceMode? device, ILogger logger)
    {
        Logger = logger;
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
        Closing = new EngineClosing(this, logger);
        // Where the whole model runs on one thread, too, as many samples as there are cores do so at once, and no core waits for another.
        bool onLanes = threads.Length > 1 && modes.Count == 1;
        _abreast = onLanes ? 1 : cores.Cores;
        Groups = onLanes && device?.Mode is null ? GroupSchedule.Of(Plan.Outline, threads, Plan.Pins != null) : null;
        string whyWhole = "it runs on an accelerator";
        Divider = device?.Mode != null ? null : BatchDivider.Of(definition, options, Shapes, modes, cores.Cores, sessions.Factory.EstimatedBytes(modes.Wanted(modes.Count - 1).Plan), logger, out whyWhole);
        if (Divider is null && options.Dividing == DividingChoice.On)
            Log.NoDividing(logger, definition.Name, whyWhole);
        Pool = new CallPool<CallBuffers>(dims => new CallBuffers(this, Pool!, dims));
        if (definition.Batch is { } axis && options.Deterministic != true)
            Joined = new JoinedCalls(definition.Name, axis, Shapes.SymbolOf(axis.Dimension), modes, (pool, dims) => new CallBuffers(this, pool, dims), logger);
        Jobs = new JobPlanner(definition, Shapes, options.Parts ?? new(), modes.PartThreads(_abreast), Joined);
        CallMeter calls = new(modes.Ledger, definition.Name);
        Waiting = new WaitingRequests(calls);
        BatchSizes = BatchSizes.Of(definition, options, Shapes, out string why);
        if (BatchSizes is { } sizes)
        {
            Batches = new BatchRun(definition.Name, Joined!, calls, logger);
            Queue = new BatchQueue(model.Place, Batches, options.Batching ?? new(), Workers, () => Abreast);
            Log.Batches(logger, definition.Name, sizes.Axis.Dimension, sizes.Words);
        }
        else if (options.Batching?.Choice == BatchingChoice.On)
        {
            Log.NoBatches(logger, definition.Name, why);
        }
        Listed = new OpenRunner(definition.Name, modes, Times) { Queue = Queue, Others = Waiting, Counts = Batches?.Counts, Divider = Divider };
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

    /// <summary>What the ledger shows of it.</summary>
    public OpenRunner Listed { get; }

    public ILogger Logger { get; }

    /// <summary>Its end.</summary>
    public EngineClosing Closing { get; }

    /// <summary>The requests that wait for a worker and run with no others.</summary>
    public WaitingRequests Waiting { get; }

    /// <summary>Prepares it for the next start. Set by who opens it.</summary>
    public BackgroundPreparation Preparing { get; init; } = null!;

    /// <summary>Measures which of the modes is the best. Set by who opens it.</summary>
    public RunnerTuning Tuning { get; set; } = null!;

    /// <summary>What the lanes do for several samples at once; null where samples run one by one.</summary>
    public GroupSchedule? Groups { get; internal set; }

    /// <summary>How many threads may work on one job, and how many batches may run, now, each with one core or more; where it takes all lanes, one, which runs the first of them.</summary>
    public int Abreast => Math.Min(_abreast, Modes.Ledger.Cores.Now);

    /// <summary>Lets no request in, and frees it when those inside are over.</summary>
    public void Dispose() => Closing.Close();

    public ValueTask DisposeAsync() => Closing.CloseAsync();

    private static WorkerSettings WorkerThreads(string model, int most, ThreadPin? pin, bool maySpin, ILogger logger) =>
        new(number => string.Create(CultureInfo.InvariantCulture, $"Cleave {model} worker {number}"), most, logger)
        {
            Pin = pin,
            SpinLimit = maySpin ? WorkerSettings.ShortSpin : 0,
        };
}
