using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Modes;
using Cleave.Workers;

namespace Cleave.Jobs;

/// <summary>
/// Several inputs that do not depend on each other, and the task of their outputs. They run as planned: each part starts, in order, when there are cores for its
/// threads, on whatever thread is free then. The first failure ends all. It has entered the runner's gate, and leaves it when it is over.
/// </summary>
internal sealed class Job<TInput, TOutput> : IWorkItem
    where TOutput : IDisposable
{
    private readonly object _lock = new();
    private readonly ModelRunner<TInput, TOutput> _runner;
    private readonly RunnerEngine _engine;
    private readonly CallBuffers[] _parts;
    private readonly int[] _generations;
    private readonly TOutput[] _outputs;
    private readonly JobUnit[] _units;
    private readonly SampleGroup? _lanes;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _stopped;
    private readonly TaskCompletionSource<TOutput[]> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _failure;
    private volatile bool _isIncomplete;
    // Whether it waits for its first part to begin, and since when.
    private int _waits;
    private long _since;
    private int _open;
    // Under the lock: the unit that starts next, the cores left, how many units run, and how many threads are on their way.
    private int _next;
    private int _free;
    private int _running;
    private int _coming;

    public Job(ModelRunner<TInput, TOutput> runner, RunnerEngine engine, CallBuffers[] parts, CancellationToken cancellationToken)
    {
        _runner = runner;
        _engine = engine;
        _parts = parts;
        _generations = Array.ConvertAll(parts, static p => p.Generation);
        _outputs = new TOutput[parts.Length];
        // Once: a quota that falls meanwhile must not leave fewer cores than the first unit was given.
        _free = engine.Abreast;
        _units = Units(engine, parts, _free);
        if (engine.Groups is { } schedule && _units.Any(static u => u.Positions.Length > 1))
            _lanes = new SampleGroup(engine, schedule);
        _cancellation = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _stopped = _stop.Token;
        // One more, so that it is not over before it has started.
        _open = _units.Length + 1;
    }

    /// <summary>Done when no thread works on it any more.</summary>
    public Task<TOutput[]> Outputs => _outcome.Task;

    /// <summary>Asks the runner's threads for help.</summary>
    /// <param name="callers">How many threads come by themselves.</param>
    public void Start(int callers)
    {
        if (callers == 0)
        {
            _since = _engine.Waiting.Enter();
            _waits = 1;
        }
        try
        {
            _stopped.UnsafeRegister(static job => ((Job<TInput, TOutput>)job!).DropWaiting(), this);
            int left = _free;
            // The first one always runs.
            for (int i = 0; i < _units.Length && ((left -= _units[i].Threads) >= 0 || i == 0); i++)
            {
                if (i >= callers)
                    Call();
            }
        }
        catch (Exception e)
        {
            // No thread could be started, or no memory is left.
            Fail(e);
        }
        Close(1);
    }

    /// <summary>A thread that was called for.</summary>
    public void Execute()
    {
        using (new PatientLock(_lock))
            _coming--;
        Work(isOwn: false);
    }

    /// <summary>The caller's thread takes part until there is nothing for it.</summary>
    public void Work() => Work(isOwn: true);

    /// <summary>Nobody will have its outputs.</summary>
    public void Abandon()
    {
        _ = DisposeOutputsAsync();
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is over already.
        }
    }

    // A thread of the runner goes to those that wait for one, after each unit: the job comes again after them.
    private void Work(bool isOwn)
    {
        bool goesOn = true;
        while (goesOn && Take() is { } unit)
        {
            NoteBegun(begins: true);
            CallIfMoreFits();
            int held = unit.Threads;
            Run(unit, ref held);
            bool yields;
            using (new PatientLock(_lock))
            {
                _free += held;
                _running--;
                yields = !isOwn && _next < _units.Length && _engine.Workers.HeldUp > _coming;
            }
            // Before the unit is closed: until then the job is inside the gate.
            goesOn = !(yields && TryCall());
            Close(1);
        }
    }

    private static JobUnit[] Units(RunnerEngine engine, CallBuffers[] parts, int cores) => parts.Length == 0 ? []
        : engine.Groups is not null ? JobParts.Group(parts, GroupSchedule.MostSamples)
        : parts.Length == 1 ? [new JobUnit([0], Threads: 1)]
        : engine.Jobs.Plan(parts, cores);

    private JobUnit? Take()
    {
        using (new PatientLock(_lock))
        {
            if (!NextFits)
                return null;
            JobUnit unit = _units[_next++];
            _free -= unit.Threads;
            _running++;
            return unit;
        }
    }

    // One always runs; more, as far as other requests leave cores.
    private bool NextFits => _next < _units.Length
        && (_running == 0 || (_units[_next].Threads <= _free && (_engine.Groups is not null || _engine.Modes.HasRoom(_units[_next].Threads))));

    // Whoever takes one looks whether there is another: so each thread wakes the next.
    private void CallIfMoreFits()
    {
        using (new PatientLock(_lock))
        {
            if (_coming > 0 || !NextFits)
                return;
        }
        TryCall();
    }

    private bool TryCall()
    {
        try
        {
            Call();
            return true;
        }
        catch (Exception e)
        {
            Fail(e);
            return false;
        }
    }

    private void Call()
    {
        using (new PatientLock(_lock))
            _coming++;
        try
        {
            _engine.Workers.Enqueue(this);
        }
        catch
        {
            using (new PatientLock(_lock))
                _coming--;
            throw;
        }
    }

    private void Run(JobUnit unit, ref int held)
    {
        int at = 0;
        try
        {
            _stopped.ThrowIfCancellationRequested();
            if (_engine.Groups is not null && unit.Positions.Length > 1)
                RunGroup(unit.Positions, ref at);
            else if (_engine.Groups is not null || _parts.Length == 1)
                _outputs[unit.Positions[0]] = _runner.RunBound(_parts[unit.Positions[0]], _stopped);
            else
                RunWithThreads(unit, ref at, ref held);
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            _isIncomplete = true;
        }
        catch (Exception e)
        {
            Fail(JobParts.Named(_engine.Model.Place, unit.Positions[at], _parts.Length, e));
        }
    }

    private void RunGroup(int[] positions, ref int at)
    {
        try
        {
            _lanes!.Run(Array.ConvertAll(positions, p => _parts[p]), _stopped);
        }
        catch
        {
            at = _lanes!.Failed;
            throw;
        }
        Collect(positions, ref at);
    }

    // What fails is the part that `at` stands at.
    private void RunWithThreads(JobUnit unit, ref int at, ref int held)
    {
        long start = Stopwatch.GetTimestamp();
        Turn turn = _engine.Modes.EnterPart(unit.Threads, _stopped);
        try
        {
            if (turn.Mode.Cores < held)
                GiveBack(ref held, turn.Mode.Cores);
            Exception? failure = null;
            if (unit.Positions.Length == 1 || !TryTogether(unit.Positions, turn, out failure))
            {
                for (at = 0; at < unit.Positions.Length; at++)
                {
                    // Beside the batch that failed, which counts as one.
                    if (failure != null)
                        turn.Mode.Count(1);
                    _parts[unit.Positions[at]].RunIn(turn.Mode, _generations[unit.Positions[at]], _stopped);
                }
            }
            // Nobody was to blame.
            if (failure != null)
                _engine.Joined!.Limit(Array.ConvertAll(unit.Positions, p => _parts[p]), failure);
        }
        finally
        {
            _engine.Modes.Leave(turn);
        }
        if (_engine.Jobs.Measures)
            _engine.Jobs.Learn(_parts[unit.Positions[0]].Dims, unit.Positions.Length, turn.Mode.Cores, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        Collect(unit.Positions, ref at);
    }

    // Where the batch fails, each is to run by itself, and the one to blame fails again.
    private bool TryTogether(int[] positions, Turn turn, out Exception? failure)
    {
        failure = null;
        try
        {
            _engine.Joined!.Run(Array.ConvertAll(positions, p => _parts[p]), (batch, generation) => batch.RunIn(turn.Mode, generation, _stopped));
            return true;
        }
        // An interrupted thread says nothing about the batch.
        catch (Exception e) when (e is not ThreadInterruptedException)
        {
            _stopped.ThrowIfCancellationRequested();
            failure = e;
            return false;
        }
    }

    private void Collect(int[] positions, ref int at)
    {
        for (at = 0; at < positions.Length; at++)
            _outputs[positions[at]] = _runner.Collected(_parts[positions[at]]);
    }

    // No session for so many threads was free: others may have the cores.
    private void GiveBack(ref int held, int used)
    {
        using (new PatientLock(_lock))
            _free += held - used;
        held = used;
        CallIfMoreFits();
    }

    private void Fail(Exception e)
    {
        _isIncomplete = true;
        if (Interlocked.CompareExchange(ref _failure, e, null) is null)
            _stop.Cancel();
    }

    private async Task DisposeOutputsAsync()
    {
        await ((Task)_outcome.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_outcome.Task.IsCompletedSuccessfully)
            return;
        foreach (TOutput output in _outputs)
            output.Dispose();
    }

    // Stopped: nobody is to take what nobody has taken yet.
    private void DropWaiting()
    {
        int dropped;
        using (new PatientLock(_lock))
        {
            dropped = _units.Length - _next;
            _next = _units.Length;
        }
        if (dropped == 0)
            return;
        _isIncomplete = true;
        Close(dropped);
    }

    private void Close(int units)
    {
        if (Interlocked.Add(ref _open, -units) == 0)
            End();
    }

    // Waits for a callback that runs, also where this thread is interrupted meanwhile: the job is to end. Whether it was.
    private bool DisposeStop()
    {
        bool isInterrupted = false;
        while (true)
        {
            try
            {
                _stop.Dispose();
                break;
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
            }
        }
        return isInterrupted;
    }

    private void NoteBegun(bool begins)
    {
        if (_waits != 0 && Interlocked.Exchange(ref _waits, 0) != 0)
            _engine.Waiting.Leave(_since, begins);
    }

    private void End()
    {
        NoteBegun(begins: false);
        bool isInterrupted = DisposeStop();
        _lanes?.Dispose();
        if (_isIncomplete)
        {
            // Those that have an output, too: nobody will dispose of it.
            for (int i = 0; i < _parts.Length; i++)
                _parts[i].Release(_generations[i]);
        }
        _engine.Gate.Exit();
        if (!_isIncomplete)
            _outcome.SetResult(_outputs);
        else if (_failure != null)
            _outcome.SetException(_failure);
        else
            _outcome.SetCanceled(_cancellation);
        // Last, for whatever the thread waits in next is interrupted.
        if (isInterrupted)
            Thread.CurrentThread.Interrupt();
    }
}
