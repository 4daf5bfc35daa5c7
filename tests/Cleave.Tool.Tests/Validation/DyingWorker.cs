using System;
using System.Runtime.InteropServices;
using Cleave.Tool.Validation;

namespace Cleave.Tool.Tests.Validation;

/// <summary>The entry point of this assembly: started as a worker of <c>cleave validate</c>, it dies as native code does.</summary>
internal static class DyingWorker
{
    // No page is there, and too high up for a null reference.
    private static readonly IntPtr Nowhere = new(0x10_0000_0000);

    public static int Main(string[] args)
    {
        if (args is [ValidationProcess.Verb, ..])
            Marshal.WriteByte(Nowhere, 0);
        return 0;
    }
}
