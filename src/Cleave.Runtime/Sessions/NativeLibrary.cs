using System;
using System.Linq;
using Cleave.Core.Diagnostics;

namespace Cleave.Sessions;

/// <summary>Recognises that ONNX Runtime's native library is missing, of another platform or too old.</summary>
internal static class NativeLibrary
{
    private const string ProviderEntryPoint = "OrtSessionOptionsAppendExecutionProvider_";

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

    /// <summary>The execution provider whose entry point is not in the native library, which is that of another package; null where something else is missing.</summary>
    public static string? MissingProvider(EntryPointNotFoundException e)
    {
        // The message names the entry point on every platform, between quotes.
        int start = e.Message.IndexOf(ProviderEntryPoint, StringComparison.Ordinal);
        if (start < 0)
            return null;
        return new string([.. e.Message[(start + ProviderEntryPoint.Length)..].TakeWhile(static c => char.IsAsciiLetterOrDigit(c) || c == '_')]);
    }

    private static string FirstLine(string message)
    {
        int end = message.AsSpan().IndexOfAny('\r', '\n');
        return end < 0 ? message : message[..end];
    }
}
