using System.Collections.Generic;
using System.Runtime.Intrinsics.X86;
using System.Threading;
using Cleave.Cores;
using Cleave.Prepared;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>What tells processors, and builds of ONNX Runtime, apart.</summary>
public sealed class SignatureTests
{
    [Fact]
    public void Every_core_gives_the_same()
    {
        foreach (int processor in AffinityMask.Processors())
        {
            string? there = null;
            Thread thread = new(() =>
            {
                Assert.True(AffinityMask.TryPin([processor], out string why), why);
                there = CpuSignature.Read();
            });
            thread.Start();
            thread.Join();
            Assert.Equal(CpuSignature.Of(), there);
        }
    }

    [Fact]
    public void What_differs_from_core_to_core_and_by_stepping_does_not_count()
    {
        Assert.Equal(Of(), Of((1, 0, "b", 0x03000000)));
        Assert.Equal(Of(), Of((1, 0, "a", 0x2)));
    }

    [Theory]
    // Family and model, features, and what the system enabled.
    [InlineData(1, 0, "a", 0x10)]
    [InlineData(1, 0, "c", 1 << 12)]
    [InlineData(1, 0, "d", 1)]
    [InlineData(7, 0, "b", 1 << 16)]
    [InlineData(7, 0, "d", 1 << 24)]
    [InlineData(7, 1, "a", 1 << 4)]
    [InlineData(unchecked((int)0x80000001), 0, "c", 1 << 16)]
    [InlineData(13, 0, "b", 0x100)]
    [InlineData(0, 0, "b", 1)]
    public void Each_feature_counts(int leaf, int sub, string register, int bit) => Assert.NotEqual(Of(), Of((leaf, sub, register, bit)));

    // Where the system saves less than the processor has (clearcpuid=avx512f) and a state above that is enabled, every leaf stays as it was.
    [Fact]
    public void What_the_system_enabled_counts_where_no_leaf_says_so()
    {
        Assert.NotEqual(Of(), Of("enabled:avx.avx2"));
        if (X86Base.IsSupported)
            Assert.EndsWith(Avx512F.IsSupported ? ".avx512" : Avx2.IsSupported ? ".avx2" : Avx.IsSupported ? "avx" : "sse", CpuSignature.Of());
    }

    [SkippableFact]
    public void It_does_not_come_from_what_the_system_says()
    {
        Skip.IfNot(X86Base.IsSupported, "skipped: other processors than x64 have no CPUID");
        Assert.StartsWith("x64 ", CpuSignature.Of());
        Assert.DoesNotContain("hwcap", CpuSignature.Of());
    }

    [Fact]
    public void Another_build_of_ONNX_Runtime_of_the_same_length_is_another()
    {
        using TempFolder folder = new();
        byte[] library = new byte[200_000];
        string path = folder.Write("libonnxruntime.so", library);
        string first = NativeIdentity.Describe(path);
        library[199_999] = 1;
        folder.Write("libonnxruntime.so", library);
        Assert.NotEqual(first, NativeIdentity.Describe(path));
        Assert.Contains("onnxruntime", NativeIdentity.Of());
        folder.Write("root/proc/self/maps", "7f00-7f01 r-xp 0 0 0 /usr/lib/libc.so.6\n");
        Assert.Null(NativeIdentity.Read(new ProcessFiles(folder["root"])));
    }

    private static string Of(params (int Leaf, int Sub, string Register, int Bits)[] changes) => Of("enabled:avx.avx2.avx512", changes);

    private static string Of(string enabled, params (int Leaf, int Sub, string Register, int Bits)[] changes)
    {
        Dictionary<(int, int), int[]> leaves = new()
        {
            [(0, 0)] = [16, 0x68747541, 0x444d4163, 0x69746e65],
            [(1, 0)] = [0x00a00f11, 0, 0x7ed8320b, 0x178bfbff],
            [(7, 0)] = [1, 0x219c07a9, 0x0040069c, 0x10],
            [(7, 1)] = [0, 0, 0, 0],
            [(unchecked((int)0x80000001), 0)] = [0, 0, 0x004003f3, 0x2fd3fbff],
            [(13, 0)] = [0x207, 0x340, 0x988, 0],
        };
        foreach ((int leaf, int sub, string register, int bits) in changes)
            leaves[(leaf, sub)]["abcd".IndexOf(register)] ^= bits;
        return CpuSignature.X86((leaf, sub) => leaves[(leaf, sub)] is [var a, var b, var c, var d] ? (a, b, c, d) : default, "x64", enabled);
    }
}
