using System;
using Cleave.Core.Diagnostics;

namespace Cleave.Sessions;

/// <summary>Recognises that ONNX Runtime's native library is missing, of another platform or too old.</summary>
internal static class NativeLibrary
{
    /// <summary>The error to throw instead; null where <paramref name="e"/> is something else.</summary>
    public static CleaveException? Explain(Exception e, string model)
    {
        for (Exception? cause = e; cause != null; cause = cause.InnerException)
        {
            if (cause is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
                return new CleaveException(Rules.NativeLibraryMissing, e, model, FirstLine(cause.Message));
        }
        // An older native library gives no table of functions; the binding then fails while it initialises itself.
        return e is TypeInitializationException
            ? new CleaveException(Rules.NativeLibraryMissing, e, model, FirstLine((e.InnerException ?? e).Message))
            : null;
    }

    private static string FirstLine(string message)
    {
        int end = message.AsSpan().IndexOfAny('\r', '\n');
        return end < 0 ? message : message[..end];
    }
}
