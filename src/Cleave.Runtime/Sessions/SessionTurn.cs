using System;
using System.Diagnostics;
using System.Threading;
using Microsoft.Extensions.Logging;

namespace Cleave.Sessions;

/// <summary>
/// Sessions are created one at a time in a process: each creation uses several cores' worth of memory bandwidth and a
/// peak of memory.
/// </summary>
internal static class SessionTurn
{
    private static readonly SemaphoreSlim Turn = new(1, 1);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    /// <summary>Waits for the turn, says so every ten seconds, and gives it back on dispose.</summary>
    public static Holder Take(ILogger logger, string model)
    {
        long start = Stopwatch.GetTimestamp();
        while (!Turn.Wait(Step))
            Log.SessionWaits(logger, model, Stopwatch.GetElapsedTime(start).TotalSeconds);
        return default;
    }

    public readonly struct Holder : IDisposable
    {
        public void Dispose() => Turn.Release();
    }
}
