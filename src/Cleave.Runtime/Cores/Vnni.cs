using System;
using System.Runtime.Intrinsics.X86;

namespace Cleave.Cores;

/// <summary>Whether the processor adds four products of bytes in 32 bits. Without, two are added in 16 bits before, where the sum may be cut off.</summary>
internal static class Vnni
{
    private const int FeatureLeaf = 7;
    private const int Avx512Bit = 1 << 11;
    private const int AvxBit = 1 << 4;

    /// <summary>Of this process's processor; one that is no x86 cuts nothing off.</summary>
    public static bool IsHere { get; } = !X86Base.IsSupported || Has(static (leaf, sub) => X86Base.CpuId(leaf, sub), Avx512BW.IsSupported, Avx2.IsSupported);

    /// <param name="leaf">CPUID.</param>
    /// <param name="canAvx512">Whether the system keeps the registers of 512 bits; where it does not, CPUID names instructions that cannot be used.</param>
    /// <param name="canAvx">The same for 256 bits.</param>
    public static bool Has(Func<int, int, (int Eax, int Ebx, int Ecx, int Edx)> leaf, bool canAvx512, bool canAvx)
    {
        if (leaf(0, 0).Eax < FeatureLeaf)
            return false;
        (int subleaves, _, int features, _) = leaf(FeatureLeaf, 0);
        return (canAvx512 && (features & Avx512Bit) != 0) || (canAvx && subleaves >= 1 && (leaf(FeatureLeaf, 1).Eax & AvxBit) != 0);
    }
}
