using System;
using System.Collections.Concurrent;
using System.IO;
using System.Threading;

namespace Cleave.Prepared.Making;

/// <summary>One process at a time prepares into a folder. The system's lock goes with its holder, however that ends.</summary>
internal static class FolderLock
{
    public const string FileName = ".lock";

    /// <summary>How often it is looked whether another process still prepares.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    // An hour of steps: nobody prepares so long, unless it hangs.
    private const int MostSteps = 360;

    // Of this process, by folder: whoever waits here is woken, and need not look.
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> Turns = new(StringComparer.Ordinal);

    // What the system says where another handle has the lock: ERROR_SHARING_VIOLATION, or EWOULDBLOCK.
    private static readonly int Held = OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsLinux() ? 11 : 35;

    /// <summary>Whether a lock file could not be opened because another one holds it.</summary>
    public static bool IsHeld(IOException e) => e.HResult == Held;

    /// <summary>Held until it is disposed; null where another one holds it.</summary>
    /// <exception cref="IOException">The folder is on a file system that cannot be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written to.</exception>
    public static IDisposable? TryTake(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsHeld(e))
        {
            return null;
        }
    }

    /// <summary>Waits for others of this process first, in turn, and then, for about an hour at most, for other processes; null where one still has it.</summary>
    /// <param name="folder">The folder of all entries.</param>
    /// <param name="wait">Waits for so long, or until it is cancelled.</param>
    /// <param name="token">Gives up.</param>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was cancelled.</exception>
    /// <exception cref="IOException">The folder is on a file system that cannot be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written to.</exception>
    public static IDisposable? Take(string folder, Action<TimeSpan, CancellationToken> wait, CancellationToken token)
    {
        SemaphoreSlim turn = Turns.GetOrAdd(Path.GetFullPath(folder), static _ => new SemaphoreSlim(1));
        turn.Wait(token);
        IDisposable? held = null;
        try
        {
            for (int step = 0; (held = TryTake(folder)) is null && step < MostSteps; step++)
            {
                wait(Step, token);
                token.ThrowIfCancellationRequested();
            }
            return held is null ? null : new Holder(turn, held);
        }
        finally
        {
            if (held is null)
                turn.Release();
        }
    }

    private sealed class Holder(SemaphoreSlim turn, IDisposable held) : IDisposable
    {
        public void Dispose()
        {
            held.Dispose();
            turn.Release();
        }
    }
}
