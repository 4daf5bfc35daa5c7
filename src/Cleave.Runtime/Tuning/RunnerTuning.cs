using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Tuning;
using Cleave.Cores;
using Cleave.Engines;
using Cleave.Ledger;
using Cleave.Logging;
using Cleave.Modes;
using Cleave.Plans;
using Microsoft.Extensions.Logging;

namespace Cleave.Tuning;

/// <summary>
/// Tunes an open runner: measures on a thread of its own while requests go on, keeps what was found, and has the runner go by it. Thread-safe; one in the process
/// measures at a time.
/// </summary>
internal sealed class RunnerTuning
{
    // What it is for a disposal that waits for it.
    private const string Work = "it is being tuned";

    // Two that measure at once would measure each other.
    private static readonly SemaphoreSlim OneAtATime = new(1);

    // Why nothing is written then.
    private const string Configured = "ConfigureSession has a say in the sessions that were measured, and other runners would take the times for theirs";

    // Of a process that tunes itself: what most models need.
    private static readonly TimeSpan OwnBudget = TimeSpan.FromSeconds(30);

    private readonly RunnerEngine _engine;
    private readonly RunnerOptions _options;
    private readonly RunnerOptions _trial;
    private readonly CoreBudget _cores;
    private readonly IReadOnlyList<ChosenPlan> _candidates;
    private readonly TuningStore _store;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly TuningSection? _openedWith;
    private TuningSection? _known;

    /// <param name="engine">The runner.</param>
    /// <param name="options">How it was opened.</param>
    /// <param name="cores">Its cores.</param>
    /// <param name="store">Where it is kept.</param>
    /// <param name="known">What was measured before; null: nothing.</param>
    /// <param name="isLearned">Whether the runner's times go by that already, and by what requests taught since.</param>
    /// <param name="logger">Gets a line at the end.</param>
    public RunnerTuning(RunnerEngine engine, RunnerOptions options, CoreBudget cores, TuningStore store, TuningSection? known, bool isLearned, ILogger logger)
    {
        _engine = engine;
        _candidates = TuningCandidates.Of(engine.Definition, options, cores.Cores, engine.Sessions.CanSplit);
        _options = options;
        _trial = ForCandidates(options, cores);
        _cores = cores;
        _store = store;
        _known = _openedWith = known;
        _logger = logger;
        if (known is null)
            return;
        if (!isLearned)
            Begin(known);
        Want(known);
    }

    /// <summary>What was measured so far; null: nothing.</summary>
    public TuningSection? Known => Volatile.Read(ref _known);

    /// <summary>
    /// Whether the runner is to be opened anew to go by what was measured: the best is no mode of it, or batches and parts are divided by what they took. Not one whose equal
    /// inputs are to give equal bits.
    /// </summary>
    public bool IsOutgrown => _options.Deterministic != true && Known is { } known && Adds(known, _openedWith) && (IsMissing(known) || (_engine.Definition.Batch != null && TunedRunner.Times(known, _engine.Definition, _engine.Shapes, isCrowded: true) != null));

    /// <summary>Measures in the background, because CLEAVE_TUNE is set and not enough is known of this machine; not where it would do so at every start, for nothing is kept.</summary>
    /// <param name="saysWhyNot">Whether a line tells that it does not.</param>
    public void StartByItself(bool saysWhyNot)
    {
        if ((_options.ConfigureSession is not null ? Configured : _store.WhyNotKept) is { } why)
        {
            if (saysWhyNot)
                Log.NotTuned(_logger, _engine.Name, "it would not be kept: " + why);
            return;
        }
        _engine.Gate.Enter();
        try
        {
            Start(OwnBudget, [], progress: null, static () => { }, CancellationToken.None).ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        catch (Exception e)
        {
            // No thread could be started: the runner works as planned.
            _engine.Gate.Exit();
            Log.TuningFailed(_logger, _engine.Name, e.Message, e);
        }
    }

    /// <summary>Ends what is measured now.</summary>
    public void Stop() => _closing.Cancel();

    /// <summary>Measures for so long at most. The caller has entered the runner's gate, which is left at the end.</summary>
    /// <param name="budget">How long.</param>
    /// <param name="samples">The requests; made up where there are none.</param>
    /// <param name="progress">Told what is measured.</param>
    /// <param name="began">Called when its turn has come: other runners of the process may tune first.</param>
    /// <param name="token">Ends it; what was measured is not kept then.</param>
    public Task<TuningResult> Start(TimeSpan budget, IReadOnlyList<TuningSample> samples, IProgress<TuningStep>? progress, Action began, CancellationToken token)
    {
        TaskCompletionSource<TuningResult> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Execute(budget, samples, progress, began, outcome, token)) { IsBackground = true, Name = "Cleave " + _engine.Name + " tuner" }.UnsafeStart();
        return outcome.Task;
    }

    private void Ended(Task<TuningResult> tuned)
    {
        if (tuned.Exception is { } e)
            Log.TuningFailed(_logger, _engine.Name, e.InnerException!.Message, e);
        else if (tuned.IsCompletedSuccessfully && IsOutgrown)
            _ = _engine.Home.ReopenInBackground(_logger);
    }

    private void Execute(TimeSpan budget, IReadOnlyList<TuningSample> samples, IProgress<TuningStep>? progress, Action began, TaskCompletionSource<TuningResult> outcome, CancellationToken token)
    {
        TuningResult? result = null;
        Exception? failure = null;
        _engine.Gate.Begin(Work);
        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(token, _closing.Token);
        try
        {
            samples = samples.Count > 0 ? TuningSample.OneOfEach(samples.Select(s => s with { Fills = _options.TuningFills })) : TuningSample.MadeUp(_engine.Definition, _engine.Shapes);
            result = WhyNothing(samples) is { } why ? Nothing(why) : MeasureInTurn(budget, samples, progress, began, ends.Token);
            if (result.Requests.Count == 0)
                Log.NotTuned(_logger, _engine.Name, string.Join(" ", result.Notes));
        }
        catch (Exception e)
        {
            failure = e;
        }
        // Before anybody learns that it is over: disposal does not wait for it any more.
        _engine.Gate.End(Work);
        if (result != null)
            outcome.SetResult(result);
        else if (failure is OperationCanceledException)
            outcome.SetCanceled(token.IsCancellationRequested ? token : ends.Token);
        else
            outcome.SetException(failure!);
    }

    // Known without a turn.
    private string? WhyNothing(IReadOnlyList<TuningSample> samples) =>
        _engine.Plan.WhyOnly is { } only ? "Nothing was measured: " + only + ", which leaves one way to run the model."
        : samples.Count == 0 ? "An input may have any number of dimensions: give sample requests."
        : null;

    private static TuningResult Nothing(string why) => new([], false, null, [why]);

    private TuningResult MeasureInTurn(TimeSpan budget, IReadOnlyList<TuningSample> samples, IProgress<TuningStep>? progress, Action began, CancellationToken token)
    {
        OneAtATime.Wait(token);
        try
        {
            using IDisposable? turn = _store.TakeTurn(token);
            began();
            return Measure(budget, samples, progress, token);
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    private TuningResult Measure(TimeSpan budget, IReadOnlyList<TuningSample> samples, IProgress<TuningStep>? progress, CancellationToken token)
    {
        long bytes = 2 * _engine.Sessions.Factory.EstimatedBytes(_engine.Plan.Outline.Plan);
        if (!_engine.Modes.Memory.TryAdd(bytes, out string why))
            return Nothing("Two more sessions do not fit into memory: " + why + ".");
        try
        {
            return MeasureAll(budget, samples, progress, token);
        }
        finally
        {
            _engine.Modes.Memory.Return(bytes);
        }
    }

    private TuningResult MeasureAll(TimeSpan budget, IReadOnlyList<TuningSample> samples, IProgress<TuningStep>? progress, CancellationToken token)
    {
        if (Lost() is { } refused)
            return refused;
        CoreLedger ledger = _engine.Modes.Ledger;
        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(token);
        Tuner tuner = new(_engine.Definition, _trial, _candidates, samples, _engine.Definition.Batch is null ? 1 : _cores.Cores,
            new PairTimer(() => IsBusy(ends), () => ledger.Runners.Requests().Values.Sum(), _options.TuningSpan, ends.Token), progress);
        TuningSection section;
        try
        {
            // Another process may have measured while this one waited for its turn.
            section = tuner.Run(_store.Machine, _store.Latest(Known), budget);
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested)
        {
            // They may be back by now.
            return Lost() ?? Nothing(string.Format(
                CultureInfo.InvariantCulture, "The process had fewer than its {0} cores for a while, so nothing of this tuning is kept: tune again.", _cores.Cores));
        }
        if (Lost() is { } late)
            return late;
        List<string> notes = [.. tuner.Refused];
        string? file = null;
        if (section.Requests.Count == 0)
        {
            notes.Add("Nothing was measured: the time was too short, requests ran all the time, or the model refused what was made up.");
        }
        else
        {
            // What is known already is not begun with again: requests have taught more since.
            bool isNew = Adds(section, Known);
            Volatile.Write(ref _known, section);
            if (isNew)
                Begin(section);
            Want(section);
            string unsaved = Configured;
            file = _options.ConfigureSession is null ? _store.Save(section, out unsaved) : null;
            if (file is null)
                notes.Add("Not written: " + unsaved);
            else if (_options.Deterministic == true && IsMissing(section))
                notes.Add("From the next start on: the runner is deterministic, and keeps the mode that it was opened with.");
        }
        TuningResult result = new([.. section.Requests.Select(Report)], section.IsComplete, file, notes);
        if (section.Requests.Count > 0)
            Log.Tuned(_logger, _engine.Name, result.ToString(), file ?? notes[^1]);
        return result;
    }

    // Looks as often as requests do whether the cores are still there.
    private bool IsBusy(CancellationTokenSource ends)
    {
        CoreLedger ledger = _engine.Modes.Ledger;
        if (ledger.Cores.At(ledger.Now) < _cores.Cores)
            ends.Cancel();
        return ledger.Busy > 0;
    }

    // What is measured with fewer cores than the runner was opened for would be written as if it had them.
    private TuningResult? Lost()
    {
        CoreCount cores = _engine.Modes.Ledger.Cores;
        cores.Read();
        return cores.Now >= _cores.Cores ? null : Nothing(string.Format(
            CultureInfo.InvariantCulture, "The process has {0} of its {1} cores left, so nothing of this tuning is kept: tune again when they are back, or after a reload or a new start.", cores.Now, _cores.Cores));
    }

    private void Begin(TuningSection section)
    {
        ChosenPlan[] modes = [.. Enumerable.Range(0, _engine.Modes.Count).Select(_engine.Modes.Wanted)];
        _engine.Times.Begin(dims => TunedRunner.Relative(section, modes, dims));
    }

    private void Want(TuningSection section)
    {
        if (TunedRunner.Plan(section, _engine.Definition.Budgets) is { } best && Pays(section, best))
            _engine.Modes.Want(best);
    }

    // Whether a time is there that was measured after the other section: what goes on where another ended has its times.
    private static bool Adds(TuningSection section, TuningSection? before) =>
        section.Requests.SelectMany(static r => r.Times).Except(before?.Requests.SelectMany(static r => r.Times) ?? [], ReferenceEqualityComparer.Instance).Any();

    private bool Pays(TuningSection section, ChosenPlan best) => _engine.Sessions.Factory.IsCheap(best.Plan) || new ThreadGain(_engine.Definition, section).Pays(best);

    private bool IsMissing(TuningSection known)
    {
        if (TunedRunner.Plan(known, _engine.Definition.Budgets) is not { } best || _engine.Modes.Find(best) >= 0 || !Pays(known, best))
            return false;
        ModeList list = ModeList.Of(_engine.Definition, _options, _cores.Cores, _engine.Sessions.CanSplit, best);
        return list.Modes[list.Planned] == best;
    }

    private static TuningRequest Report(TunedRequest request)
    {
        TuningTime[] times = [.. request.Times.Select(t => new TuningTime(
            t.Words, TimeSpan.FromTicks(t.Nanoseconds / 100), (double)request.Times[0].Nanoseconds / t.Nanoseconds, t.Rounds))];
        return new TuningRequest(request.Words, times, times.First(t => t.Mode == request.Best()!.Words));
    }

    // Candidates go by a ledger of their own: requests are not to make room for them. Its cores stay what they were when the runner was opened, for those are what is written.
    private static RunnerOptions ForCandidates(RunnerOptions options, CoreBudget cores)
    {
        RunnerOptions trial = options.Copy();
        trial.IsTrial = true;
        trial.Plan = PlanChoice.Auto;
        trial.Hint = RunnerHint.Latency;
        trial.Batching = BatchingOptions.Off;
        trial.Deterministic = true;
        trial.Strict = true;
        trial.Pinning = false;
        trial.Timeline = null;
        trial.Logger = null;
        trial.Ledger = new CoreLedger(new CoreCount(() => cores, TimeProvider.System), TimeProvider.System);
        return trial;
    }
}
