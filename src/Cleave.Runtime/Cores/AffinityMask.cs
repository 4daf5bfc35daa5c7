using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Cleave.Cores;

/// <summary>The processors that the process may run on: the mask of its main thread, as the calling one may be pinned.</summary>
internal static unsafe class AffinityMask
{
    // The kernel refuses a mask smaller than its own; 16,384 processors are enough for long.
    private const int LargestBytes = 2048;

    public static int Count()
    {
        Span<byte> mask = stackalloc byte[LargestBytes];
        return Count(mask[..Read(mask)]);
    }

    /// <summary>The numbers of the processors, ascending.</summary>
    public static int[] Processors()
    {
        Span<byte> mask = stackalloc byte[LargestBytes];
        return Processors(mask[..Read(mask)]);
    }

    /// <summary>How many there are in a mask; an empty one is none that could be read.</summary>
    public static int Count(ReadOnlySpan<byte> mask)
    {
        if (mask.IsEmpty)
            return Environment.ProcessorCount;
        int count = 0;
        foreach (byte processors in mask)
            count += BitOperations.PopCount(processors);
        return count;
    }

    /// <inheritdoc cref="Processors()"/>
    /// <param name="mask">Empty where none could be read.</param>
    public static int[] Processors(ReadOnlySpan<byte> mask)
    {
        if (mask.IsEmpty)
            return [.. Enumerable.Range(0, Environment.ProcessorCount)];
        List<int> processors = [];
        for (int i = 0; i < mask.Length * 8; i++)
        {
            if ((mask[i / 8] >> (i % 8) & 1) != 0)
                processors.Add(i);
        }
        return [.. processors];
    }

    /// <summary>Lets the calling thread run on these processors only. False with the reason where that cannot be.</summary>
    public static bool TryPin(ReadOnlySpan<int> processors, out string why)
    {
        why = "it takes Linux";
        if (!OperatingSystem.IsLinux())
            return false;
        Span<byte> mask = stackalloc byte[LargestBytes];
        mask.Clear();
        foreach (int processor in processors)
            mask[processor / 8] |= (byte)(1 << (processor % 8));
        fixed (byte* start = mask)
        {
            if (sched_setaffinity(0, LargestBytes, start) == 0)
                return true;
        }
        why = "error " + Marshal.GetLastPInvokeError() + " of sched_setaffinity";
        return false;
    }

    /// <summary>The processor that the calling thread is on; -1 where that is not known.</summary>
    public static int Processor() => OperatingSystem.IsLinux() ? sched_getcpu() : -1;

    /// <summary>
    /// Has the system move the calling thread to another processor, where it may run on one. Afterwards it may run wherever it might before.
    /// </summary>
    public static void Leave(int processor)
    {
        Span<byte> mask = stackalloc byte[LargestBytes];
        mask.Clear();
        fixed (byte* start = mask)
        {
            byte bit = (byte)(1 << (processor % 8));
            if (sched_getaffinity(0, LargestBytes, start) != 0 || (mask[processor / 8] & bit) == 0)
                return;
            mask[processor / 8] ^= bit;
            // Refused where that leaves none.
            if (sched_setaffinity(0, LargestBytes, start) != 0)
                return;
            mask[processor / 8] ^= bit;
            sched_setaffinity(0, LargestBytes, start);
        }
    }

    // The bytes of it; 0 where there is nothing to read.
    private static int Read(Span<byte> mask)
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        mask.Clear();
        fixed (byte* start = mask)
            return sched_getaffinity(Environment.ProcessId, mask.Length, start) == 0 && mask.IndexOfAnyExcept((byte)0) >= 0 ? mask.Length : 0;
    }

    // 0 where it was read; the system's call, which the library wraps, gives the number of bytes.
    [DllImport("libc")]
    private static extern int sched_getaffinity(int pid, nint bytes, byte* mask);

    [DllImport("libc", SetLastError = true)]
    private static extern int sched_setaffinity(int pid, nint bytes, byte* mask);

    [DllImport("libc"), SuppressGCTransition]
    private static extern int sched_getcpu();
}
