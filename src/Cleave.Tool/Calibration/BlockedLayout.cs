using System.Runtime.Intrinsics.X86;

namespace Cleave.Tool.Calibration;

/// <summary>The layout that ONNX Runtime's convolutions use on this machine: channels in blocks.</summary>
internal static class BlockedLayout
{
    /// <summary>Channels of a block; 1 where there is no such layout.</summary>
    public static int Channels() => Avx512F.IsSupported ? 16 : Avx.IsSupported ? 8 : 1;

    /// <summary>The instruction set that decides how fast kernels are.</summary>
    public static string InstructionSet() => Avx512F.IsSupported ? "avx512" : Avx2.IsSupported ? "avx2" : "generic";
}
