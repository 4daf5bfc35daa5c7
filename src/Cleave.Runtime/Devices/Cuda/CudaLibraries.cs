using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace Cleave.Devices.Cuda;

/// <summary>
/// The libraries of NVIDIA's that ONNX Runtime's CUDA provider needs: which of them are missing, and what brings them. ONNX Runtime names only the first, and
/// only in a log; its provider says itself which versions it was built for.
/// </summary>
internal static class CudaLibraries
{
    /// <summary>The provider's file, as ONNX Runtime names it on this system.</summary>
    public static string ProviderFile => OperatingSystem.IsWindows() ? "onnxruntime_providers_cuda.dll" : "libonnxruntime_providers_cuda.so";

    // Loaded by name when the first kernel asks for it, so no file lists it. Version 9 since ONNX Runtime 1.19.
    private static string Cudnn => OperatingSystem.IsWindows() ? "cudnn64_9.dll" : "libcudnn.so.9";

    /// <summary>The libraries that the provider needs and that cannot be loaded, in its order.</summary>
    /// <param name="provider">The provider's path.</param>
    /// <param name="canLoad">Whether a library can be loaded by its name.</param>
    public static IReadOnlyList<string> Missing(string provider, Func<string, bool> canLoad)
    {
        List<string> missing = [];
        foreach (string library in ElfLibraries.Of(provider))
        {
            if (IsOfNvidia(library) && !canLoad(library))
                missing.Add(library);
        }
        if (!canLoad(Cudnn))
            missing.Add(Cudnn);
        return missing;
    }

    /// <summary>Whether the system's loader finds a library.</summary>
    public static bool CanLoad(string library) => NativeLibrary.TryLoad(library, out _);

    /// <summary>What brings a library.</summary>
    public static string Remedy(string library)
    {
        string version = Major(library);
        if (library.StartsWith("libcuda.so", StringComparison.Ordinal) || library == "nvcuda.dll")
            return "the NVIDIA driver";
        if (library.Contains("cudnn", StringComparison.OrdinalIgnoreCase))
            return "cuDNN " + version + " for that CUDA version";
        // Their file versions are not those of CUDA: 10 in CUDA 12 and 13, 11 in 12, 12 in 13.
        return library.Contains("curand", StringComparison.OrdinalIgnoreCase) || library.Contains("cufft", StringComparison.OrdinalIgnoreCase)
            ? "the CUDA runtime libraries (" + Path.GetFileNameWithoutExtension(library.Split(".so")[0]) + ") of the same version"
            : "the CUDA " + version + " runtime libraries";
    }

    private static bool IsOfNvidia(string library) =>
        library.StartsWith("libcu", StringComparison.Ordinal) || library.StartsWith("libnv", StringComparison.Ordinal);

    private static string Major(string library)
    {
        int dot = library.IndexOf(".so.", StringComparison.Ordinal);
        if (dot >= 0)
            return library[(dot + 4)..].Split('.')[0];
        string name = Path.GetFileNameWithoutExtension(library);
        return name[(name.LastIndexOf('_') + 1)..];
    }
}
