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
    public static bool IsHere { get; } = !X86Base.IsSupported || Has(static (leaf, sub) => X86Base.CpuId(leaf, sub));

    /// <param name="leaf">CPUID.</param>
    public static bool Has(Func<int, int, (int Eax, int Ebx, int Ecx, int Edx)> leaf)
    {
        if (leaf(0, 0).Eax < FeatureLeaf)
            return false;
        (int subleaves, _, int features, _) = leaf(FeatureLeaf, 0);
        return (features & Avx512Bit) != 0 || (subleaves >= 1 && (leaf(FeatureLeaf, 1).Eax & AvxBit) != 0);
    }
}
