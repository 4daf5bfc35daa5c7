using System;
using System.Text.RegularExpressions;

namespace Cleave.Devices.Cuda;

/// <summary>What kind of failure ONNX Runtime or CUDA reports. Neither has a type for it: their words say.</summary>
internal static partial class CudaFailure
{
    /// <summary>The codes after which nothing of the process works on the device any more (ECC, launch failure, illegal address, assert, lost, reset …).</summary>
    private static readonly int[] Sticky = [46, 101, 214, 220, 226, 700, 702, 708, 709, 710, 713, 714, 715, 716, 717, 718, 719, 721];

    private const int OutOfMemory = 2;

    /// <summary>The exception for an error code of CUDA's.</summary>
    public static DeviceException Of(int code, string call, string words, string device, string what) => code == OutOfMemory
        ? new DeviceMemoryException(device, what, call + ": " + words, inner: null)
        : new DeviceLostException(device, what, call + ": " + words);

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
