using System;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Validation;

/// <summary>The native library of the project, instead of the one that the tool brings: what is validated is what will run.</summary>
internal static unsafe class ResolvedOnnxRuntime
{
    private const string EntryPoint = "OrtGetApiBase";

    /// <summary>Must be called before anything else of ONNX Runtime.</summary>
    /// <param name="library">The library's path.</param>
    public static void Use(string library)
    {
        OrtEnv.DisableDllImportResolver = true;
        NativeLibrary.SetDllImportResolver(typeof(OrtEnv).Assembly, (name, _, _) =>
            name.StartsWith("onnxruntime", StringComparison.OrdinalIgnoreCase) && !name.Contains("extensions", StringComparison.OrdinalIgnoreCase)
                ? NativeLibrary.Load(library)
                : IntPtr.Zero);
    }

    /// <summary>Has a command itself run on the library that its <c>--onnxruntime</c> names. Must be called before anything else of ONNX Runtime.</summary>
    /// <param name="library">The library's path.</param>
    /// <exception cref="RefusedException">It is not there, or cannot be used.</exception>
    public static void Load(string library)
    {
        if (!File.Exists(library))
            throw new RefusedException($"--onnxruntime {library}: there is no such file.");
        Use(Path.GetFullPath(library));
        try
        {
            LoadedOnnxRuntime.Find();
        }
        catch (LibraryException e)
        {
            throw new RefusedException(Refused(library, e));
        }
    }

    /// <summary>What to say of a library that this program cannot use.</summary>
    /// <param name="library">Its path; empty: the one that comes with this program.</param>
    /// <param name="refusal">Why.</param>
    public static string Refused(string library, LibraryException refusal)
    {
        string made = typeof(OrtEnv).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "another release";
        string which = library.Length == 0 ? "the ONNX Runtime that comes with this command" : $"'{library}'" + (VersionOf(library) is { } version ? $", ONNX Runtime {version}," : "");
        return $"{which} cannot be used by this command, which is made for ONNX Runtime {made}: {refusal.Message}. "
            + "Let the project reference that release of Microsoft.ML.OnnxRuntime or a later one, or name another library with --onnxruntime";
    }

    // The one thing that every release can be asked.
    private static string? VersionOf(string library)
    {
        if (!NativeLibrary.TryLoad(library, out IntPtr handle) || !NativeLibrary.TryGetExport(handle, EntryPoint, out IntPtr entry))
            return null;
        // OrtApiBase: GetApi, then GetVersionString.
        IntPtr* functions = (IntPtr*)((delegate* unmanaged<IntPtr>)entry)();
        return Marshal.PtrToStringUTF8(((delegate* unmanaged<IntPtr>)functions[1])());
    }
}
