using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
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

    // Of the CUDA versions that ONNX Runtime is built with.
    private static string[] KnownRuntimes => OperatingSystem.IsWindows() ? ["cudart64_13.dll", "cudart64_12.dll"] : ["libcudart.so.13", "libcudart.so.12"];

    /// <summary>Where the provider's file lies; null: nowhere.</summary>
    /// <param name="onnxRuntime">ONNX Runtime's library, beside which it looks for its providers; null where the system does not tell.</param>
    /// <param name="searched">Where .NET looks for native libraries (<c>NATIVE_DLL_SEARCH_DIRECTORIES</c>): also where an application of a single file has unpacked them.</param>
    public static string? Provider(string? onnxRuntime, string? searched)
    {
        List<string> folders = [.. (searched ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)];
        if (Path.GetDirectoryName(onnxRuntime) is { Length: > 0 } beside)
            folders.Insert(0, beside);
        folders.Add(AppContext.BaseDirectory);
        folders.Add(Path.Combine(AppContext.BaseDirectory, "runtimes", OperatingSystem.IsWindows() ? "win-x64" : "linux-x64", "native"));
        return folders.Select(static f => Path.Combine(f, ProviderFile)).FirstOrDefault(File.Exists);
    }

    /// <summary>The libraries that a library names as needed.</summary>
    public static IReadOnlyList<string> Needed(string library) => ElfLibraries.Of(library) is { Count: > 0 } named ? named : PeLibraries.Of(library);

    /// <summary>CUDA's runtime library, as the provider names it; null where it does not.</summary>
    public static string? Runtime(string provider) => Needed(provider).FirstOrDefault(static l =>
        l.StartsWith("libcudart.so.", StringComparison.Ordinal) || l.StartsWith("cudart64_", StringComparison.OrdinalIgnoreCase));

    /// <summary>CUDA's runtime library that the provider needs; where it does not name one, those that it can need, newest first.</summary>
    public static string[] Runtimes(string provider) => Runtime(provider) is { } named ? [named] : KnownRuntimes;

    /// <summary>The libraries that the provider needs and that cannot be loaded, in its order.</summary>
    /// <param name="provider">The provider's path.</param>
    /// <param name="canLoad">Whether a library can be loaded by its name.</param>
    public static IReadOnlyList<string> Missing(string provider, Func<string, bool> canLoad)
    {
        List<string> missing = [];
        foreach (string library in Needed(provider))
        {
            if (IsOfNvidia(library) && !canLoad(library))
                missing.Add(library);
        }
        if (!canLoad(Cudnn))
            missing.Add(Cudnn);
        return missing;
    }

    /// <summary>Loads a library from where the system looks, or from the provider's folder, where its own libraries are found, too.</summary>
    public static bool TryLoad(string library, string provider, out nint handle) =>
        NativeLibrary.TryLoad(library, out handle) || NativeLibrary.TryLoad(Path.Combine(Path.GetDirectoryName(provider) ?? "", library), out handle);

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

    /// <summary>The version in its name.</summary>
    public static string Major(string library)
    {
        int dot = library.IndexOf(".so.", StringComparison.Ordinal);
        if (dot >= 0)
            return library[(dot + 4)..].Split('.')[0];
        string name = Path.GetFileNameWithoutExtension(library);
        return name[(name.LastIndexOf('_') + 1)..];
    }

    private static bool IsOfNvidia(string library)
    {
        string name = library.StartsWith("lib", StringComparison.Ordinal) ? library[3..] : library;
        return name.StartsWith("cu", StringComparison.OrdinalIgnoreCase) || name.StartsWith("nv", StringComparison.OrdinalIgnoreCase);
    }
}
