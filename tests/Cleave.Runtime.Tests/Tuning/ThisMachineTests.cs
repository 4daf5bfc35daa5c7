using System.Runtime.InteropServices;
using Cleave.Tuning;
using Xunit;

namespace Cleave.Runtime.Tests.Tuning;

public sealed class ThisMachineTests
{
    /// <summary>Chips of one set of instructions are as fast as they like: on ARM the signature is no name of them.</summary>
    [Theory]
    [InlineData("x64 GenuineIntel", Architecture.X64, "Intel64 Family 6", null, "x64 GenuineIntel")]
    [InlineData("arm64 hwcap:1.2", Architecture.Arm64, null, "0x00000000410fd0c0\n", "arm64 hwcap:1.2 midr:0x00000000410fd0c0")]
    [InlineData("arm64 hwcap:1.2", Architecture.Arm64, null, null, "arm64 hwcap:1.2")]
    [InlineData(null, Architecture.Arm64, "ARMv8 (64-bit) Family 8 Model D4B", null, "Arm64 ARMv8 (64-bit) Family 8 Model D4B")]
    [InlineData(null, Architecture.Arm64, null, null, "Arm64")]
    public void What_is_not_told_apart_by_its_instructions_is_by_more(string? signature, Architecture architecture, string? identifier, string? mainId, string name) =>
        Assert.Equal(name, ThisMachine.Named(signature, architecture, identifier, mainId));
}
