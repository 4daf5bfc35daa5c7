using System;
using System.Collections.Generic;
using Cleave.Elements;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Calls;

/// <summary>
/// Memory that ONNX Runtime refused because it takes the output to have another size, whatever it really comes in: a file that states a stale size of a value inside
/// makes it so. There is no error code for it, only two messages.
/// </summary>
internal static class RefusedOutputs
{
    /// <summary>The results that are not to get memory of their own again, if the next run without it goes well. While those that had some still have it.</summary>
    public static int[] Of(Exception e, ResultSlot[] results)
    {
        if (e is not CleaveException { InnerException: OnnxRuntimeException { Message: var message } } || !Is(message))
            return [];
        List<int> bound = [], named = [];
        for (int i = 0; i < results.Length; i++)
        {
            if (results[i].Own is null)
                continue;
            bound.Add(i);
            if (Names(message, results[i].Name))
                named.Add(i);
        }
        // A session that several segments share knows the names of one of them only.
        return [.. named.Count > 0 ? named : bound];
    }

    /// <summary>Whether a message of ONNX Runtime says so of some output.</summary>
    public static bool Is(string message) =>
        message.Contains("invalid dimensions for output", StringComparison.OrdinalIgnoreCase) || message.Contains("invalid rank for output", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it says so of this one.</summary>
    public static bool Names(string message, string output) => message.Contains("for output: " + output + " ", StringComparison.Ordinal);
}
