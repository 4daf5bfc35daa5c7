using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Logging;

namespace Cleave.Engines;

/// <summary>
/// An engine that was opened beside the one where requests go, and has not taken its place yet: several can be opened before the first does, so that all of them change at once, or
/// none. Nothing else reloads the runner before <see cref="EndAsync"/>.
/// </summary>
internal sealed class EngineReload(RunnerEngine old, RunnerEngine next, Func<RunnerEngine, bool> replace, Action over)
{
    /// <summary>What it is for a disposal that waits for it.</summary>
    public const string Work = "the model is being opened anew";

    private bool _isAsked;
    private bool _isReplaced;

    public RunnerEngine Next => next;

    private RunnerEngine Old => old;

    /// <summary>Requests go to the new one from here on, unless the runner was disposed.</summary>
    public void Commit()
    {
        _isAsked = true;
        _isReplaced = replace(next);
    }

    /// <summary>Has the log say that requests have other weights now, where that is so: once for all sessions of a model that changed together.</summary>
    public static void Say(IReadOnlyList<EngineReload> reloads)
    {
        if (reloads.Count == 0 || !reloads.All(static r => r._isReplaced))
            return;
        RunnerEngine now = reloads[0].Next;
        Log.Reloaded(now.Logger, now.Name, now.Model.Place, Megabytes(reloads.Select(static r => r.Next)), Megabytes(reloads.Select(static r => r.Old)));
    }

    private static double Megabytes(IEnumerable<RunnerEngine> engines) => engines.Sum(static e => e.Modes.Memory.Taken) / 1048576.0;

    /// <summary>Frees the one that is not used any more: without <see cref="Commit"/>, the new one. Done when its requests are over.</summary>
    /// <exception cref="ObjectDisposedException">The runner was disposed before <see cref="Commit"/>.</exception>
    public async Task EndAsync()
    {
        try
        {
            // It was held until now: disposing the runner waits for that.
            old.Gate.End(Work);
            await (_isReplaced ? old : next).DisposeAsync().ConfigureAwait(false);
            if (_isAsked && !_isReplaced)
                throw old.Gate.Disposed();
        }
        finally
        {
            over();
        }
    }
}
