using System;
using System.Collections.Generic;
using System.Threading;

namespace Cleave.Emulator;

/// <summary>Something queued on a device. All but <see cref="IsDone"/>, <see cref="Failure"/> and <see cref="Due"/> belongs to the device's lock.</summary>
/// <param name="what">The program or the value.</param>
/// <param name="engine">What does it; null: nothing, it only marks a place.</param>
/// <param name="bytes">Of a copy.</param>
/// <param name="ticks">How long it takes, in stopwatch ticks.</param>
/// <param name="effect">What it changes, when it is done.</param>
/// <param name="ended">What happens when it is done, also where it failed or came to nothing.</param>
/// <param name="computes">Whether the effect takes time of the CPU, on a thread of its own.</param>
internal sealed class Work(string what, DeviceEngine? engine, long bytes, long ticks, Action? effect = null, Action? ended = null, bool computes = false)
{
    private long _due = long.MaxValue;
    private int _done;

    public string What => what;

    public DeviceEngine? Engine => engine;

    public long Bytes => bytes;

    public long Ticks => ticks;

    public Action? Effect => effect;

    public Action? Ended => ended;

    public bool Computes => computes;

    /// <summary>How many of those before it are not done yet.</summary>
    public int Waiting { get; set; }

    /// <summary>From when on it could start, in stopwatch ticks.</summary>
    public long Ready { get; set; }

    public long Start { get; set; }

    /// <summary>Whether the effect was computed already, where that takes time.</summary>
    public bool IsComputed { get; set; }

    public List<Work> Followers { get; } = [];

    /// <summary>What was before it, and not done, when it was queued; until it is done itself.</summary>
    public List<Work> Before { get; } = [];

    /// <summary>When it will be done; far away where nobody knows yet.</summary>
    public long Due
    {
        get => Volatile.Read(ref _due);
        set => Volatile.Write(ref _due, value);
    }

    /// <summary>Why it, or something before it, was not done.</summary>
    public Exception? Failure { get; set; }

    public bool IsDone => Volatile.Read(ref _done) != 0;

    public void Finish() => Volatile.Write(ref _done, 1);
}
