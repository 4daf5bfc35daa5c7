using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Cleave.Cores;

/// <summary>How many processors the process may run on: the mask of its main thread, as the calling one may be pinned.</summary>
internal static unsafe class AffinityMask
{
    public static int Count()
    {
        if (OperatingSystem.IsLinux())
        {
            // The kernel refuses a mask smaller than its own; 16,384 processors are enough for long.
            for (int bytes = 128; bytes <= 2048; bytes *= 4)
            {
                if (CountLinux(bytes) is > 0 and var count)
                    return count;
            }
        }
        return Environment.ProcessorCount;
    }

    private static int? CountLinux(int bytes)
    {
        Span<byte> mask = stackalloc byte[bytes];
        mask.Clear();
        fixed (byte* start = mask)
        {
            if (sched_getaffinity(Environment.ProcessId, bytes, start) < 0)
                return null;
        }
        int count = 0;
        foreach (byte b in mask)
            count += BitOperations.PopCount(b);
        return count;
    }

    [DllImport("libc")]
    private static extern int sched_getaffinity(int pid, nint bytes, byte* mask);
}
