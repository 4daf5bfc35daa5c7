using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Logging;
using Cleave.Recording;
using Microsoft.Extensions.Logging;

namespace Cleave.Engines;

/// <summary>
/// The engine that runs a runner's requests now. A reload opens and warms another one beside it, requests go there from then on, and the old one is freed
/// when its last request is over (active-passive scaling, Packrat, section 3.5). A request stays in the engine that it entered: what it gives
/// is of one set of weights, and so is a batch. Thread-safe.
/// </summary>
internal sealed class CurrentEngine
{
    private readonly ModelDefinition _definition;
    private readonly RunnerOptions _options;
    private readonly object _lock = new();
    // One reload at a time.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private RunnerEngine _now;
    private bool _disposed;

    /// <param name="definition">The model.</param>
    /// <param name="options">How to open and run it.</param>
    /// <param name="isMember">Whether it is an ensemble's member: its requests do not come by <see cref="Recorder"/>, and it does not tune itself.</param>
    public CurrentEngine(ModelDefinition definition, RunnerOptions options, bool isMember = false)
    {
        definition = _definition = definition.Named(options.Name);
        IsMember = isMember;
        _options = options.Over(definition.Options);
        _now = new EngineOpener(definition, _options, this).Open(before: null, memory: null);
        try
        {
            Recorder = isMember ? null : InputRecorder.Of(_options, definition);
        }
        catch
        {
            // A folder that cannot be one: nobody gets to dispose of the runner.
            _now.Dispose();
            throw;
        }
        Calls = CallMeter.Of(_options.Ledger, definition.Name);
    }

    /// <summary>Whether it is an ensemble's member, which serves in the cells of the ensemble's matrix.</summary>
    public bool IsMember { get; }

    /// <summary>Keeps inputs of requests; null where nobody asked for that.</summary>
    public InputRecorder? Recorder { get; }

    /// <summary>Times calls, for those who listen.</summary>
    public CallMeter Calls { get; }

    /// <summary>Where requests go now.</summary>
    public RunnerEngine Now => Volatile.Read(ref _now);

    /// <summary>Enters the gate of the engine where requests go now.</summary>
    /// <exception cref="ObjectDisposedException">The runner was disposed.</exception>
    public RunnerEngine Enter()
    {
        while (true)
        {
            RunnerEngine engine = Now;
            if (engine.Gate.TryEnter())
                return engine;
            // Closed for good, unless another engine has taken its place.
            if (engine == Now)
                throw engine.Gate.Disposed();
        }
    }

    /// <summary>Has another set of weights take the place of the present one. Done when the old one is freed.</summary>
    public Task ReloadAsync(ModelSource model, CancellationToken token) => ReplaceAsync(model, null, null, token);

    /// <summary>Opens the present weights anew, as in a reload: for a plan that tuning found, or for cores that came.</summary>
    /// <exception cref="CleaveException">ONNX Runtime refused it, or the file is another one by now (CLV4004): the runner is as it was.</exception>
    /// <exception cref="InsufficientMemoryException">There is no room for a second set of sessions.</exception>
    public Task ReopenAsync(CancellationToken token) => ReplaceAsync(null, null, null, token);

    /// <summary>As <see cref="ReopenAsync"/>, in the background; where it fails, the log says so.</summary>
    /// <param name="logger">The log.</param>
    /// <param name="instances">The threads of the sessions that are to be open besides the planned one; null: those that are open now.</param>
    /// <param name="noRoom">Called where there was no memory for it: there may be later.</param>
    /// <param name="isNeeded">Asked when its turn has come, about the engine that is there then; null: it is.</param>
    public async Task ReopenInBackground(ILogger logger, int[]? instances = null, Action? noRoom = null, Func<RunnerEngine, bool>? isNeeded = null)
    {
        try
        {
            await ReplaceAsync(null, instances, isNeeded, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (Volatile.Read(ref _disposed))
        {
            // The runner went meanwhile, and needs no other sessions.
        }
        catch (Exception e)
        {
            Log.NotReopened(logger, _definition.Name, e.Message, e);
            if (e is InsufficientMemoryException)
                noRoom?.Invoke();
        }
    }

    /// <summary>Opens another set of weights beside the present one, as the first half of a reload; the caller ends it, whatever comes between.</summary>
    /// <exception cref="CleaveException">The file is missing or damaged, ONNX Runtime refused it, or it is of another graph.</exception>
    public async Task<EngineReload> OpenBesideAsync(ModelSource model, CancellationToken token)
    {
        await _turn.WaitAsync(token).ConfigureAwait(false);
        return await OpenInTurnAsync(model, null, token).ConfigureAwait(false);
    }

    private async Task ReplaceAsync(ModelSource? model, int[]? instances, Func<RunnerEngine, bool>? isNeeded, CancellationToken token)
    {
        await _turn.WaitAsync(token).ConfigureAwait(false);
        if (isNeeded?.Invoke(Now) == false)
        {
            _turn.Release();
            return;
        }
        EngineReload reload = await OpenInTurnAsync(model, instances, token).ConfigureAwait(false);
        reload.Commit();
        EngineReload.Say([reload]);
        await reload.EndAsync().ConfigureAwait(false);
    }

    // Gives the turn back where it fails; else the reload does.
    private async Task<EngineReload> OpenInTurnAsync(ModelSource? model, int[]? instances, CancellationToken token)
    {
        RunnerEngine? old = null;
        try
        {
            // Inside the gate: disposing waits for it.
            RunnerEngine present = old = Enter();
            present.Gate.Begin(EngineReload.Work);
            RunnerEngine next = await Task.Factory.StartNew(() => Open(model, present, instances, token), token, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            return new EngineReload(old, next, TryReplace, () => _turn.Release());
        }
        catch
        {
            old?.Gate.End(EngineReload.Work);
            _turn.Release();
            throw;
        }
    }

    public void Dispose()
    {
        Close().Dispose();
        // A reload that is under way frees what it has opened.
        _turn.Wait();
        _turn.Release();
        Recorder?.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await Close().DisposeAsync().ConfigureAwait(false);
        await _turn.WaitAsync().ConfigureAwait(false);
        _turn.Release();
        if (Recorder is { } recorder)
            await recorder.DisposeAsync().ConfigureAwait(false);
    }

    private RunnerEngine Open(ModelSource? model, RunnerEngine old, int[]? instances, CancellationToken token)
    {
        Thread.CurrentThread.Name = "Cleave " + old.Name + " reload";
        RunnerOptions options = _options.Copy();
        options.Model = model ?? old.Model.Source;
        if (model is null)
        {
            // Nobody asked for other weights, if they lie there now.
            old.Model.CheckUnchanged();
            CheckRoom(old);
        }
        RunnerEngine next = new EngineOpener(_definition, options, this).Open(old, model is null ? old.Modes.Memory : null);
        try
        {
            next.WarmLike(old, instances, token);
            return next;
        }
        catch
        {
            next.Dispose();
            throw;
        }
    }

    // Nor for a second set of sessions beside the present one.
    private static void CheckRoom(RunnerEngine old)
    {
        if (!old.Modes.Memory.Allows(old.Sessions.Factory.EstimatedBytes(old.Plan.Outline.Plan), out string why))
            throw new InsufficientMemoryException("there is no room for other sessions beside those that are open: " + why);
    }

    private bool TryReplace(RunnerEngine next)
    {
        lock (_lock)
        {
            if (_disposed)
                return false;
            Volatile.Write(ref _now, next);
            return true;
        }
    }

    private RunnerEngine Close()
    {
        lock (_lock)
        {
            _disposed = true;
            return _now;
        }
    }
}
