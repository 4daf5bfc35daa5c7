using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Sessions;

namespace Cleave.Prepared;

/// <summary>
/// Compares a session from prepared files with what was recorded of a plain one, on a thread of its own, while the application goes on with its start. Whoever runs the session first waits for
/// it, and so nobody gets a result that was not checked. Thread-safe.
/// </summary>
internal sealed class PreparedCheck : IDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource<SegmentSession?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="model">The model's name.</param>
    /// <param name="check">Compares: null where all is well, else the plain session that takes its place. Bounded; ended by the token.</param>
    public PreparedCheck(string model, Func<CancellationToken, SegmentSession?> check)
    {
        try
        {
            new Thread(() => Execute(check)) { IsBackground = true, Name = "Cleave " + model + " check" }.UnsafeStart();
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            // No thread could be started: whoever opens the runner waits.
            Execute(check);
        }
    }

    /// <summary>The plain session to run instead; null where none is needed. Waits for the comparison.</summary>
    /// <exception cref="CleaveException">The comparison failed, and no plain session could be made.</exception>
    public SegmentSession? Replacement => _done.Task.GetAwaiter().GetResult();

    /// <summary>Waits for the comparison.</summary>
    /// <exception cref="CleaveException">It failed, and no plain session could be made.</exception>
    public void Wait() => _ = Replacement;

    /// <summary>Ends it, and frees the plain session.</summary>
    public void Dispose()
    {
        _closing.Cancel();
        ((IAsyncResult)_done.Task).AsyncWaitHandle.WaitOne();
        if (_done.Task.IsCompletedSuccessfully)
            _done.Task.Result?.Dispose();
        _closing.Dispose();
    }

    private void Execute(Func<CancellationToken, SegmentSession?> check)
    {
        try
        {
            _done.SetResult(check(_closing.Token));
        }
        catch (Exception e)
        {
            // Thrown where the session is run.
            _done.SetException(e);
        }
    }
}
