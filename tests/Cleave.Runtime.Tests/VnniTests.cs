using Cleave.Cores;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Cleave.Sources;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>A model whose weights were rounded for processors with VNNI instructions is not run on others.</summary>
public sealed class VnniTests
{
    [Theory]
    [InlineData(1, 0, 0, 0, true, true, false)]
    [InlineData(7, 0, 0, 0, true, true, false)]
    [InlineData(7, 0, 1 << 11, 0, true, true, true)]
    [InlineData(7, 1, 0, 1 << 4, true, true, true)]
    // A leaf that there is not says nothing.
    [InlineData(7, 0, 0, 1 << 4, true, true, false)]
    // Nor does an instruction whose registers the system does not keep.
    [InlineData(7, 0, 1 << 11, 0, false, true, false)]
    [InlineData(7, 1, 1 << 11, 1 << 4, false, true, true)]
    [InlineData(7, 1, 0, 1 << 4, false, false, false)]
    public void Is_told_by_CPUID_and_what_the_system_keeps(int last, int subleaves, int ecx, int more, bool canAvx512, bool canAvx, bool expected) => Assert.Equal(expected, Vnni.Has((leaf, sub) => (leaf, sub) switch
    {
        (0, _) => (last, 0, 0, 0),
        (7, 0) => (subleaves, 0, ecx, 0),
        (7, 1) => (more, 0, 0, 0),
        _ => default,
    }, canAvx512, canAvx));

    /// <summary>On a processor that has them, and on one that has not, whichever this one is.</summary>
    [Fact]
    public void Without_VNNI_it_is_refused_unless_that_is_allowed()
    {
        ModelProto model = Models.Toy(8);
        model.MetadataProps.Add(new StringStringEntryProto { Key = "cleave.quantized.cpu", Value = "vnni" });
        ModelDefinition definition = Definitions.Of(model);
        RunnerOptions options = new() { Model = ModelSource.Bytes(model.ToByteArray()), Cores = 1 };
        OpenedModel.Open(definition, options, hasVnni: true).Dispose();
        Assert.Equal("CLV4013", Assert.Throws<CleaveException>(() => OpenedModel.Open(definition, options, hasVnni: false)).Id);
        Assert.Equal(Vnni.IsHere, Record.Exception(() => new LooseRunner(definition, options).Dispose()) is null);

        options.AllowSaturation = true;
        OpenedModel.Open(definition, options, hasVnni: false).Dispose();
        new LooseRunner(definition, options).Dispose();
    }
}
