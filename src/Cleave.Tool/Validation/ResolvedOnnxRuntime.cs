using System;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Validation;

/// <summary>The native library of the project, instead of the one that the tool brings: what is validated is what will run.</summary>
internal static class ResolvedOnnxRuntime
{
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
}
