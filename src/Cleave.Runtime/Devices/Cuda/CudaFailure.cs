using System;
using System.Text.RegularExpressions;

namespace Cleave.Devices.Cuda;

/// <summary>What kind of failure ONNX Runtime or CUDA reports. Neither has a type for it: their words say.</summary>
internal static partial class CudaFailure
{
    /// <summary>
    /// The codes after which nothing of the process works on the device any more: errors of its memory and its links, and what CUDA documents to leave the process in an inconsistent
    /// state (illegal address, timeout, destroyed context, assert, stack, instruction, launch failure …).
    /// </summary>
    private static readonly int[] Sticky = [214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721];

    private const int OutOfMemory = 2;

    /// <summary>The exception for an error code of CUDA's.</summary>
    public static DeviceException Of(int code, string call, string words, string device, string what)
    {
        if (code == OutOfMemory)
            return new DeviceMemoryException(device, what, call + ": " + words, inner: null);
        if (Array.IndexOf(Sticky, code) >= 0)
            return new DeviceLostException(device, what, call + ": " + words);
        (string why, string remedy) = Start(code) ?? ("CUDA refused a call", "see what nvidia-smi and the system's log say of it");
        return new DeviceUnavailableException(device, why + " (" + call + ": " + words + ")", remedy);
    }

    /// <summary>What an error means with which CUDA does not start, and what to do about it; null where nothing special is known. The driver has the same codes as the runtime library.</summary>
    public static (string Why, string Remedy)? Start(int code) => code switch
    {
        35 => ("the NVIDIA driver is older than CUDA's runtime library", "install a newer NVIDIA driver"),
        46 => ("it is busy, or takes no more processes", "see in nvidia-smi its compute mode (exclusive, prohibited) and which processes have it"),
        100 => ("the NVIDIA driver finds no device (CUDA_ERROR_NO_DEVICE)", "check that the machine has a GPU, CUDA_VISIBLE_DEVICES, and in a container that it was given one"),
        101 => ("there is no device of that number", "choose another number, or check CUDA_VISIBLE_DEVICES"),
        802 => ("the machine is not ready for CUDA yet (CUDA_ERROR_SYSTEM_NOT_READY)", "start the daemons that it needs, such as nvidia-fabricmanager for GPUs behind NVSwitch"),
        803 => ("the NVIDIA driver's parts are of different versions (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)", "restart after the driver's update, or install the driver again"),
        804 => ("the CUDA compatibility libraries that were found do not support this GPU (CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE)",
            "take them out of the loader's path (cuda-compat), and install an NVIDIA driver for that CUDA version"),
        805 => ("the control daemon of CUDA's multi-process service does not answer", "start it, or unset CUDA_MPS_PIPE_DIRECTORY"),
        _ => null,
    };

    /// <summary>The exception to throw for one of ONNX Runtime's; null where it is no failure of the device.</summary>
    public static DeviceException? Of(Exception e, string device, string what)
    {
        string message = e.Message;
        // The arena's words, cudaMalloc's, and those of cuBLAS and cuDNN (since version 9 with the word in full).
        if (message.Contains("Failed to allocate memory for requested buffer", StringComparison.Ordinal)
            || message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
            || message.Contains("ALLOC_FAILED", StringComparison.Ordinal)
            || message.Contains("ALLOCATION_FAILED", StringComparison.Ordinal)
            || message.Contains("Available memory of", StringComparison.Ordinal))
            return new DeviceMemoryException(device, what, FirstLine(message), e);
        Match code = Code().Match(message);
        return code.Success && int.TryParse(code.Groups[1].ValueSpan, out int number) && Array.IndexOf(Sticky, number) >= 0
            ? new DeviceLostException(device, what, FirstLine(message), e)
            : null;
    }

    private static string FirstLine(string message)
    {
        int end = message.AsSpan().IndexOfAny('\r', '\n');
        return end < 0 ? message : message[..end];
    }

    [GeneratedRegex(@"CUDA (?:failure|error) (\d{1,4})\b", RegexOptions.CultureInvariant)]
    private static partial Regex Code();
}
