using System;
using System.IO;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Prepared.Making;

/// <summary>Tells what fails here and now, and may go another time, from what a model is to blame for.</summary>
internal static class PassingTrouble
{
    // ONNX Runtime has no code for it: what its kernels and arenas say, and the C++ libraries of Linux and Windows.
    private static readonly string[] NoMemory = ["bad_alloc", "bad allocation", "Failed to allocate memory", "Memory allocation failed", "Available memory of"];

    public static bool Is(Exception e) => e switch
    {
        OutOfMemoryException or TimeoutException or IOException or OperationCanceledException => true,
        OnnxRuntimeException => NoMemory.Any(m => e.Message.Contains(m, StringComparison.Ordinal)),
        CleaveException { InnerException: { } inner } => Is(inner),
        _ => false,
    };
}
