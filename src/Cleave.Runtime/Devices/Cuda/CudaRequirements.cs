using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Cleave.Devices.Cuda;

/// <summary>What of a machine CUDA depends on, as far as it can be seen before a session is made.</summary>
/// <param name="Providers">The execution providers that ONNX Runtime was built with.</param>
/// <param name="ProviderPath">Where the CUDA provider's library lies; null: nowhere.</param>
/// <param name="DriverVersion">The newest CUDA version that the driver serves, as 1000 x major + 10 x minor; null without a driver; negative: the driver's error.</param>
/// <param name="Devices">How many devices the driver shows.</param>
/// <param name="Missing">The libraries that the provider needs and that cannot be loaded.</param>
internal sealed record CudaRequirements(
    IReadOnlyList<string> Providers, string? ProviderPath, int? DriverVersion, int Devices, IReadOnlyList<string> Missing)
{
    /// <summary>ONNX Runtime's name for CUDA.</summary>
    public const string Provider = "CUDAExecutionProvider";

    private const string Package = "reference Microsoft.ML.OnnxRuntime.Gpu in the application instead of Microsoft.ML.OnnxRuntime";

    /// <summary>What is missing first, and what to do about it; null where nothing is.</summary>
    /// <param name="index">Which device is asked for.</param>
    public (string Why, string Remedy)? Problem(int index)
    {
        if (!Providers.Contains(Provider))
            return ("the ONNX Runtime of this application was built without CUDA", Package);
        if (ProviderPath is null)
            return (CudaLibraries.ProviderFile + " does not lie beside ONNX Runtime", Package + ", and deploy its native libraries");
        if (DriverVersion is null)
            return ("there is no NVIDIA driver", "install the NVIDIA driver; in a container, start it with the NVIDIA container toolkit (docker run --gpus all)");
        if (DriverVersion < 0)
            return DriverProblem(-DriverVersion.Value);
        if (Devices == 0)
            return ("the NVIDIA driver shows no device", "check CUDA_VISIBLE_DEVICES, and in a container that it was given a GPU");
        if (index >= Devices)
            return (Text($"there are {Devices} devices, numbered from 0"), "choose another number, or check CUDA_VISIBLE_DEVICES");
        if (Missing.Count == 0)
            return TooOld();
        string remedy = string.Join(" and ", Missing.Select(CudaLibraries.Remedy).Distinct());
        return ("the CUDA provider needs " + string.Join(", ", Missing) + ", which cannot be loaded",
            "install " + remedy + ", where the system's loader finds them (on Linux, ldconfig or LD_LIBRARY_PATH; on Windows, PATH)");
    }

    // Libraries of a CUDA version start on a driver of the same major version or a later one.
    private (string, string)? TooOld()
    {
        int needed = NeededMajor();
        return needed > 0 && DriverVersion < needed * 1000
            ? (Text($"the driver serves CUDA {DriverVersion / 1000}.{DriverVersion % 1000 / 10}, and the CUDA provider needs {needed}"), Text($"install an NVIDIA driver for CUDA {needed} or later"))
            : null;
    }

    private int NeededMajor()
    {
        if (ProviderPath is null || !File.Exists(ProviderPath) || CudaLibraries.Runtime(ProviderPath) is not { } runtime)
            return 0;
        return int.TryParse(CudaLibraries.Major(runtime), NumberStyles.None, CultureInfo.InvariantCulture, out int major) ? major : 0;
    }

    private static (string, string) DriverProblem(int error) =>
        CudaFailure.Start(error) ?? (Text($"the NVIDIA driver does not start (CUDA error {error})"), "see what nvidia-smi says");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
