using System;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading;

namespace Cleave.Emulator;

/// <summary>
/// Waits until a point in time to some microseconds: it sleeps until shortly before, and spins for the rest; or blocks, and can be woken before. Linux sleeps that precisely; elsewhere
/// the sleep is of whole milliseconds, and the spin up to two of them.
/// </summary>
internal sealed class PreciseWait : IDisposable
{
    /// <summary>The system wakes a thread so much too late at most, on a core that is free.</summary>
    public static readonly long SpinTicks = Stopwatch.Frequency / 12_500; // 80 µs

    private readonly AutoResetEvent? _event;
    private readonly int _file;

    public PreciseWait()
    {
        if (!OperatingSystem.IsLinux())
        {
            _event = new AutoResetEvent(false);
            return;
        }
        _file = Native.eventfd(0, Native.NonBlocking);
        if (_file < 0)
            throw new Win32Exception();
    }

    /// <summary>Lets the calling thread be woken on time: the system otherwise puts wake-ups together. For a thread's life.</summary>
    public static void MakePunctual()
    {
        if (OperatingSystem.IsLinux())
            _ = Native.prctl(Native.SetTimerSlack, 1, 0, 0, 0);
    }

    /// <summary>Waits until then, on the calling thread, whoever calls.</summary>
    public static void Until(long ticks)
    {
        for (long left = ticks - Stopwatch.GetTimestamp(); left > 0; left = ticks - Stopwatch.GetTimestamp())
        {
            if (left > 2 * SpinTicks)
                Sleep(left - SpinTicks);
            else
                Thread.SpinWait(8);
        }
    }

    /// <summary>Sleeps about so long.</summary>
    public static void Sleep(long ticks)
    {
        if (!OperatingSystem.IsLinux())
        {
            Thread.Sleep((int)Math.Min(Math.Max(Milliseconds(ticks) - 1, 0), 1000));
            return;
        }
        Native.Time time = Time(ticks);
        // Interrupted by a signal it returns early, which is seen by the clock.
        _ = Native.nanosleep(time, 0);
    }

    /// <summary>Blocks until then, or some time later, or until it is woken; by one thread. It does not spin: threads that wait for the same would have no core meanwhile.</summary>
    /// <param name="ticks">A stopwatch time; <see cref="long.MaxValue"/>: until woken.</param>
    public void BlockUntil(long ticks)
    {
        long left = ticks == long.MaxValue ? long.MaxValue : ticks - Stopwatch.GetTimestamp();
        if (left > 0)
            Block(left);
    }

    public void Wake()
    {
        if (_event != null)
        {
            _event.Set();
            return;
        }
        ulong one = 1;
        // Full only after 2^64 - 1 wake-ups that nobody saw: it is woken then.
        _ = Native.write(_file, one, sizeof(ulong));
    }

    public void Dispose()
    {
        if (_event != null)
            _event.Dispose();
        else
            _ = Native.close(_file);
    }

    private bool IsWoken() => _event != null ? _event.WaitOne(0) : Native.read(_file, out _, sizeof(ulong)) > 0;

    private void Block(long ticks)
    {
        if (_event != null)
        {
            _event.WaitOne(ticks == long.MaxValue ? Timeout.Infinite : (int)Math.Min(Milliseconds(ticks), 1000));
            return;
        }
        Native.Poll poll = new() { File = _file, Events = Native.Readable };
        if (ticks == long.MaxValue)
            _ = Native.ppoll(ref poll, 1, 0, 0);
        else
            _ = Native.ppoll(ref poll, 1, Time(ticks), 0);
        IsWoken();
    }

    private static long Milliseconds(long ticks) => ticks * 1000 / Stopwatch.Frequency;

    private static Native.Time Time(long ticks) => new()
    {
        Seconds = (nint)(ticks / Stopwatch.Frequency),
        Nanoseconds = (nint)(ticks % Stopwatch.Frequency * 1_000_000_000 / Stopwatch.Frequency),
    };

    private static class Native
    {
        public const int NonBlocking = 0x800;
        public const int SetTimerSlack = 29;
        public const short Readable = 1;

        [DllImport("libc", SetLastError = true)]
        public static extern int eventfd(uint value, int flags);

        [DllImport("libc", SetLastError = true)]
        public static extern int ppoll(ref Poll polls, nuint count, in Time timeout, nint signals);

        [DllImport("libc", SetLastError = true)]
        public static extern int ppoll(ref Poll polls, nuint count, nint timeout, nint signals);

        [DllImport("libc", SetLastError = true)]
        public static extern nint read(int file, out ulong value, nuint size);

        [DllImport("libc", SetLastError = true)]
        public static extern nint write(int file, in ulong value, nuint size);

        [DllImport("libc", SetLastError = true)]
        public static extern int close(int file);

        [DllImport("libc", SetLastError = true)]
        public static extern int nanosleep(in Time time, nint left);

        [DllImport("libc", SetLastError = true)]
        public static extern int prctl(int option, nuint value, nuint b, nuint c, nuint d);

        [StructLayout(LayoutKind.Sequential)]
        public struct Poll
        {
            public int File;
            public short Events;
            public short Happened;
        }

        [StructLayout(LayoutKind.Sequential)]
        public struct Time
        {
            public nint Seconds;
            public nint Nanoseconds;
        }
    }
}
