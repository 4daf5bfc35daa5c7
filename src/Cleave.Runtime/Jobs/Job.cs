using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Workers;

namespace Cleave.Jobs;

/// <summary>
/// Several inputs that do not depend on each other, and the task of their outputs. Threads take them until none is left: one by one where the plan
/// is whole; in groups, and one thread only, where it has lanes. The first failure ends all. It has entered the runner's gate, and leaves it when it is over.
/// </summary>
internal sealed class Job<TInput, TOutput> : IWorkItem
    where TOutput : IDisposable
{
    private readonly ModelRunner<TInput, TOutput> _runner;
    private readonly RunnerEngine _engine;
    private readonly CallBuffers[] _parts;
    private readonly int[] _generations;
    private readonly TOutput[] _outputs;
    private readonly int[][] _groups;
    private readonly SampleGroup? _lanes;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _stopped;
    private readonly TaskCompletionSource<TOutput[]> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _failure;
    private volatile bool _isIncomplete;
    private int _next;
    private int _open;

    public Job(ModelRunner<TInput, TOutput> runner, RunnerEngine engine, CallBuffers[] parts, CancellationToken cancellationToken)
    {
        _runner = runner;
        _engine = engine;
        _parts = parts;
        _generations = Array.ConvertAll(parts, static p => p.Generation);
        _outputs = new TOutput[parts.Length];
        _groups = JobParts.Group(parts, engine.Groups is null ? 1 : GroupSchedule.MostSamples);
        if (engine.Groups is { } schedule && _groups.Any(static g => g.Length > 1))
            _lanes = new SampleGroup(engine, schedule);
        _cancellation = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _stopped = _stop.Token;
        // One more, so that it is not over before it has started.
        _open = _groups.Length + 1;
    }

    /// <summary>Done when no thread works on it any more.</summary>
    public Task<TOutput[]> Outputs => _outcome.Task;

    /// <summary>Asks the runner's threads for help, so many at most.</summary>
    public void Start(int helpers)
    {
        try
        {
            _stopped.UnsafeRegister(static job => ((Job<TInput, TOutput>)job!).DropWaiting(), this);
            for (int i = 0; i < Math.Min(helpers, _groups.Length); i++)
                _engine.Workers.Enqueue(this);
        }
        catch (Exception e)
        {
            // No thread could be started, or no memory is left.
            Fail(e);
        }
        Close(1);
    }

    /// <summary>Takes part until nothing is left to take.</summary>
    public void Execute()
    {
        for (int next = Take(); next < _groups.Length; next = Take())
        {
            Run(_groups[next]);
            Close(1);
        }
    }

    private int Take() => Interlocked.Increment(ref _next) - 1;

    private void Run(int[] positions)
    {
        try
        {
            _stopped.ThrowIfCancellationRequested();
            if (positions.Length == 1)
                _outputs[positions[0]] = _runner.RunBound(_parts[positions[0]], _stopped);
            else
                RunGroup(positions);
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            _isIncomplete = true;
        }
        catch (Exception e)
        {
            int position = positions.Length == 1 ? positions[0] : positions[_lanes!.Failed];
            Fail(JobParts.Named(_engine.Name, position, _parts.Length, e));
        }
    }

    private void RunGroup(int[] positions)
    {
        _lanes!.Run(Array.ConvertAll(positions, p => _parts[p]), _stopped);
        foreach (int position in positions)
            _outputs[position] = _runner.Collected(_parts[position]);
    }

    private void Fail(Exception e)
    {
        _isIncomplete = true;
        if (Interlocked.CompareExchange(ref _failure, e, null) is null)
            _stop.Cancel();
    }

    // Stopped: nobody is to take what nobody has taken yet.
    private void DropWaiting()
    {
        int dropped = _groups.Length - Math.Min(Interlocked.Exchange(ref _next, _groups.Length), _groups.Length);
        if (dropped == 0)
            return;
        _isIncomplete = true;
        Close(dropped);
    }

    private void Close(int groups)
    {
        if (Interlocked.Add(ref _open, -groups) == 0)
            End();
    }

    private void End()
    {
        _stop.Dispose();
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
    }
}
