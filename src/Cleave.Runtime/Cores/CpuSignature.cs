using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Cleave.Cores;

/// <summary>
/// What the processor is and can do, as the instruction CPUID says: by that ONNX Runtime chooses its kernels, and how it packs weights for them. Never from /proc/cpuinfo,
/// which shows another processor under emulation and in some sandboxes. Equal on every core of a machine.
/// </summary>
internal static class CpuSignature
{
    // Stepping, which changes no instruction.
    private const uint FamilyAndModel = 0x0fff0ff0;

    private const int ExtendedFeatures = unchecked((int)0x80000001);

    // Linux: what getauxval gives.
    private const nuint Capabilities = 16;
    private const nuint MoreCapabilities = 26;

    private static readonly Lazy<string?> Known = new(Read);

    /// <summary>Of this process's processor; null where it cannot be told.</summary>
    public static string? Of() => Known.Value;

    /// <summary>The same, asked anew on the core that the calling thread runs on.</summary>
    public static string? Read()
    {
        if (X86Base.IsSupported)
            return X86(static (leaf, sub) => X86Base.CpuId(leaf, sub), RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "x64" : "x86", Enabled());
        return OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? Arm() : null;
    }

    /// <summary>From the leaves: vendor, family and model, features, the size of the state that the system saves, and what of it the system enabled.</summary>
    /// <param name="leaf">CPUID.</param>
    /// <param name="architecture">The first word.</param>
    /// <param name="enabled">The last word.</param>
    public static string X86(Func<int, int, (int Eax, int Ebx, int Ecx, int Edx)> leaf, string architecture, string enabled)
    {
        (int last, int one, int three, int two) = leaf(0, 0);
        string vendor = Encoding.ASCII.GetString([.. BitConverter.GetBytes(one), .. BitConverter.GetBytes(two), .. BitConverter.GetBytes(three)]).Trim('\0', ' ');
        // The other registers of leaf 1 hold the core's number.
        (int version, _, int ecx, int edx) = leaf(1, 0);
        List<string> words = [architecture, vendor, Hex((uint)version & FamilyAndModel), "1:" + Hex(ecx) + "." + Hex(edx)];
        if (last >= 7)
        {
            (int subleaves, int b, int c, int d) = leaf(7, 0);
            words.Add("7:" + Hex(b) + "." + Hex(c) + "." + Hex(d));
            if (subleaves >= 1)
            {
                (int a1, int b1, int c1, int d1) = leaf(7, 1);
                words.Add("7.1:" + Hex(a1) + "." + Hex(b1) + "." + Hex(c1) + "." + Hex(d1));
            }
        }
        (_, _, int moreC, int moreD) = leaf(ExtendedFeatures, 0);
        words.Add("80000001:" + Hex(moreC) + "." + Hex(moreD));
        if (last >= 13)
        {
            (int states, int size, _, int moreStates) = leaf(13, 0);
            words.Add("xsave:" + Hex(states) + "." + Hex(moreStates) + "." + size.ToString(CultureInfo.InvariantCulture));
        }
        words.Add(enabled);
        return string.Join(' ', words);
    }

    // The size says nothing of a state that lies below another which is enabled. .NET asks the instruction XGETBV (XCR0) before it says that one of these is supported.
    private static string Enabled() =>
        "enabled:" + (Avx.IsSupported ? "avx" : "sse") + (Avx2.IsSupported ? ".avx2" : "") + (Avx512F.IsSupported ? ".avx512" : "");

    private static string? Arm()
    {
        try
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()} hwcap:{(ulong)getauxval(Capabilities):x}.{(ulong)getauxval(MoreCapabilities):x}");
        }
        catch (EntryPointNotFoundException)
        {
            // A C library without it: nothing is known, so nothing is prepared.
            return null;
        }
    }

    private static string Hex(int register) => Hex((uint)register);

    private static string Hex(uint register) => register.ToString("x8", CultureInfo.InvariantCulture);

    [DllImport("libc")]
    private static extern nuint getauxval(nuint type);
}
