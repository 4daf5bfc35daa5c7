using System;
using System.Runtime.Intrinsics.X86;
using Cleave.Core.Cost;

namespace Cleave.Tool.Calibration;

/// <summary>The layout that ONNX Runtime's convolutions use on this machine: channels in blocks.</summary>
internal static class BlockedLayout
{
    /// <summary>Channels of a block; 1 where there is no such layout.</summary>
    public static int Channels() => Avx512F.IsSupported ? 16 : Avx.IsSupported ? 8 : 1;

    /// <summary>
    /// Whether ONNX Runtime would give a point's channels that layout, with so many in a block: with AVX-512 not all that it gives it with AVX, and its kernels refuse them.
    /// </summary>
    public static bool Holds(GridPoint point, int channels)
    {
        // Without such a layout there is no such kernel, and ONNX Runtime refuses the model.
        if (channels == 1)
            return !DeviceTableText.NeedsBlocks(point.Kernel);
        ReadOnlySpan<long> blocked = point.Kernel switch
        {
            "conv1" or "conv" => point.Sizes.AsSpan(0, 2),
            "conv-first" => point.Sizes.AsSpan(1, 1),
            "conv-depthwise" or "pool" or "global-pool" or "reorder-in" or "reorder-out" => point.Sizes.AsSpan(0, 1),
            _ => [],
        };
        foreach (long count in blocked)
        {
            if (count % channels != 0)
                return false;
        }
        return true;
    }

    /// <summary>The instruction set that decides how fast kernels are.</summary>
    public static string InstructionSet() => Avx512F.IsSupported ? "avx512" : Avx2.IsSupported ? "avx2" : "generic";
}
