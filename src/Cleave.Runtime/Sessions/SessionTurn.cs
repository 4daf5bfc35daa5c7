using System;
using System.Diagnostics;
using System.Threading;
using Cleave.Logging;
using Microsoft.Extensions.Logging;

namespace Cleave.Sessions;

/// <summary>
/// Sessions are created one at a time in a process: each creation uses several cores' worth of memory bandwidth and a
/// peak of memory. Those of a preparation in the background have a turn of their own: on a thread that gives way to
/// everything they take long, and nobody who opens a runner is to wait for them.
/// </summary>
internal static class SessionTurn
{
    private static readonly SemaphoreSlim Turn = new(1, 1);
    private static readonly SemaphoreSlim Preparing = new(1, 1);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    /// <summary>Waits for the turn, says so every ten seconds, and gives it back on dispose.</summary>
    public static Holder Take(ILogger logger, string model, bool isPreparing = false)
    {
        SemaphoreSlim turn = isPreparing ? Preparing : Turn;
        long start = Stopwatch.GetTimestamp();
        while (!turn.Wait(Step))
            Log.SessionWaits(logger, model, Stopwatch.GetElapsedTime(start).TotalSeconds);
        return new Holder(turn);
    }

    public readonly struct Holder(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
