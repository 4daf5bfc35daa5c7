using System;
using System.Diagnostics;
using System.Threading;
using Cleave.Calls;
using Cleave.Core.Tuning;
using Cleave.Cores;
using Cleave.Devices.Dispatch;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Logging;
using Cleave.Modes;
using Cleave.Plans;
using Cleave.Prepared.Making;
using Cleave.Sessions;
using Cleave.Sources;
using Cleave.Tuning;
using Microsoft.Extensions.Logging;

namespace Cleave.Engines;

/// <summary>Opens an engine: a runner's first one, or one that is to take another's place.</summary>
/// <param name="definition">The model.</param>
/// <param name="options">How to open and run it.</param>
/// <param name="home">Where the runner's requests go is known there.</param>
internal sealed class EngineOpener(ModelDefinition definition, RunnerOptions options, CurrentEngine home)
{
    private readonly ILogger _logger = QuietLogger.Of(options.Logger);
    private readonly CoreLedger _ledger = options.Ledger ?? CoreLedger.Process;

    /// <summary>Opens it, and begins what it does by itself.</summary>
    /// <param name="before">The engine whose place it is to take; null: none. It is not kept: what an engine does by itself holds its opener, so each would keep all before it.</param>
    /// <param name="memory">What the sessions take whose place it takes, where nobody asked for others; null: somebody did, or there are none.</param>
    public RunnerEngine Open(RunnerEngine? before, MemoryLimit? memory)
    {
        long start = Stopwatch.GetTimestamp();
        CoreBudget cores = Cores();
        OpenedModel model = OpenedModel.Open(definition, options);
        SessionTable? sessions = null;
        RunnerModes? modes = null;
        DeviceMode? device = null;
        try
        {
            SessionFactory factory = new(model, definition, options, home.IsMember, options.Files, _logger);
            sessions = new SessionTable(factory);
            RunGate gate = new(definition.Name);
            TuningStore store = Store(model, factory, cores);
            TuningSection? tuned = Tuned(store, before);
            ModeList list = Modes(sessions, cores, tuned, before);
            SessionsBefore taken = new(before is null ? [] : [.. before.Modes.Leases], memory);
            modes = new RunnerModes(_ledger, options.Hint ?? RunnerHint.Latency, new ModeOpener(definition, options, list, cores, _ledger, sessions, taken, gate, _logger));
            device = DeviceModeOpener.Open(definition, options, cores.Cores, modes.Places, sessions, _ledger, _logger);
            ModelDefinition timed = tuned != null && TunedRunner.Times(tuned, definition, modes.Planned.Shapes, isCrowded: true) is { } times ? definition.With(times) : definition;
            // Other weights take no other time; what another tuning measured is not mixed in.
            RunnerEngine? alike = before != null && before.Modes.AreAlike(modes) && before.Tuning.Known == tuned ? before : null;
            RunnerEngine engine = new(timed, model, sessions, modes, gate, cores, options, home, alike, device, _logger)
            {
                Preparing = new BackgroundPreparation(factory, timed, options, list.Modes, _ledger, gate, options.Files, _logger),
            };
            engine.Tuning = new RunnerTuning(engine, options, cores, store, tuned, isLearned: alike != null, _logger);
            Log.Opened(_logger, definition.Name, engine.Plan.Outline.Plan.Name, cores.Cores, cores.Reason, OpenedPlan.Words(engine.Plan.Threads),
                engine.Plan.Sessions[0].Way, factory.Weights.Loading, factory.Weights.Reason, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Begin(engine, store, tuned, isFirst: before is null);
            return engine;
        }
        catch
        {
            modes?.Stop();
            EngineClosing.Free(model, sessions, modes, device);
            throw;
        }
    }

    private CoreBudget Cores()
    {
        _ledger.Cores.Read();
        CoreBudget cores = _ledger.Cores.Budget.WithOption(options.Cores);
        if (cores.Ignored is { } value)
            Log.CoresIgnored(_logger, definition.Name, value);
        return cores;
    }

    private TuningStore Store(OpenedModel model, SessionFactory factory, CoreBudget cores) => new(definition, model.Path, options.TuningFolder,
        new Lazy<MachineSignature>(() => ThisMachine.Of(cores.Cores) with { Precision = factory.Precision.Halves is null ? "" : MachineSignature.Widened }), _logger);

    // What was measured on this machine; null: nothing was.
    private TuningSection? Tuned(TuningStore store, RunnerEngine? before) =>
        options.IsTrial ? null : before?.Tuning.Known is { } known && known.Machine == store.Machine ? known : store.Load();

    private ModeList Modes(SessionTable sessions, CoreBudget cores, TuningSection? tuned, RunnerEngine? before)
    {
        ChosenPlan? best = options.Deterministic == true && before != null ? before.Modes.Wanted(before.Modes.PlannedIndex) : tuned is null ? null : TunedRunner.Plan(tuned, definition.Budgets);
        ThreadGain gain = new(definition, tuned);
        return ModeList.Of(definition, options, cores.Cores, sessions.CanSplit, best, mode => sessions.Factory.IsCheap(mode.Plan) || gain.Pays(mode));
    }

    // What an engine does that nobody asks it for: it shows itself, grows with the cores, exchanges its sessions, measures and prepares.
    private void Begin(RunnerEngine engine, TuningStore store, TuningSection? tuned, bool isFirst)
    {
        _ledger.Runners.Add(engine.Listed);
        // Where the application said how many cores, more change nothing; with others, equal inputs would not give equal bits.
        if (options.Cores is null && options.Deterministic != true && !options.IsTrial)
        {
            // On an accelerator cores change nothing, and it may have no room for the model twice.
            engine.Modes.Growth.IsHeld = () => engine.Device?.InUse is not null;
            engine.Modes.Growth.Grown = () => _ = home.ReopenInBackground(_logger, isNeeded: static now => now.Modes.Growth.IsThere);
        }
        engine.Modes.Exchange.Reconfigures = (instances, noRoom) => _ = home.ReopenInBackground(_logger, instances, noRoom);
        // Not what is unfinished, or was compared in a hurry: a slow model would never get there, and measure at every start of every process.
        if (store.IsAsked && (tuned is null || store.IsLess) && !options.IsTrial && !home.IsMember)
            engine.Tuning.StartByItself(saysWhyNot: isFirst);
        engine.Sessions.Factory.Prepared.Refused = engine.Preparing.StartIfMissing;
        // Whoever did not see that it is there yet said before what is missing.
        Interlocked.MemoryBarrier();
        engine.Preparing.StartIfMissing();
    }
}
