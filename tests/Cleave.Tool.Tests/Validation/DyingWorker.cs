using System;
using System.IO;
using System.Runtime.InteropServices;

namespace Cleave.Tool.Tests.Validation;

/// <summary>This assembly started as a worker of <c>cleave validate</c>: it dies as native code does, or, of a model of that name, ends without a word.</summary>
internal static class DyingWorker
{
    /// <summary>The file of a model of which it says nothing.</summary>
    public const string Silent = "silent.onnx";

    // No page is there, and too high up for a null reference.
    private static readonly IntPtr Nowhere = new(0x10_0000_0000);

    public static void Run(string model)
    {
        if (Path.GetFileName(model) != Silent)
            Marshal.WriteByte(Nowhere, 0);
    }
}
