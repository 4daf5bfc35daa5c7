using System;
using System.IO;
using System.Runtime.InteropServices;
using Cleave.Tool.Validation;

namespace Cleave.Tool.Tests.Validation;

/// <summary>The entry point of this assembly: started as a worker of <c>cleave validate</c>, it dies as native code does, or, of a model of that name, ends without a word.</summary>
internal static class DyingWorker
{
    /// <summary>The file of a model of which it says nothing.</summary>
    public const string Silent = "silent.onnx";

    // No page is there, and too high up for a null reference.
    private static readonly IntPtr Nowhere = new(0x10_0000_0000);

    public static int Main(string[] args)
    {
        if (args is [ValidationProcess.Verb, var file, ..] && Path.GetFileName(file) != Silent)
            Marshal.WriteByte(Nowhere, 0);
        return 0;
    }
}
