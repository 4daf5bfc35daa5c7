using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Validation;

/// <summary>The native library that a process really runs on.</summary>
/// <param name="Version">The version that it says it is.</param>
/// <param name="File">Its path, as the system has it loaded; null where the system does not tell.</param>
internal sealed record LoadedOnnxRuntime(string Version, string? File)
{
    /// <summary>The version and the file's name, without the path, which differs from machine to machine.</summary>
    public override string ToString() => File is null ? Version : $"{Version} ({Path.GetFileName(File)})";

    /// <summary>Of this process; loads it where nothing has yet.</summary>
    /// <exception cref="LibraryException">It cannot be loaded, or does not serve this program.</exception>
    public static LoadedOnnxRuntime Find()
    {
        string version;
        try
        {
            version = OrtEnv.Instance().GetVersionString();
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or EntryPointNotFoundException or OnnxRuntimeException)
        {
            throw new LibraryException((e.InnerException ?? e).Message, e);
        }
        using Process self = Process.GetCurrentProcess();
        string? file = self.Modules.Cast<ProcessModule>().Select(m => m.FileName)
            .FirstOrDefault(f => Path.GetFileName(f).Split('.')[0] is "onnxruntime" or "libonnxruntime");
        return new LoadedOnnxRuntime(version, file);
    }
}

/// <summary>A native library that this program cannot use.</summary>
internal sealed class LibraryException(string message, Exception? cause = null) : CommandException(message, cause);
