using System;
using System.Linq;
using System.Reflection;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>Options that the application sets, and those that the model's item does.</summary>
public sealed class RunnerOptionsTests
{
    // What an item cannot say.
    private static readonly string[] OfTheApplication =
    [
        nameof(RunnerOptions.Model), nameof(RunnerOptions.Timeline), nameof(RunnerOptions.ConfigureSession), nameof(RunnerOptions.Logger),
        nameof(RunnerOptions.PreparedKey), nameof(RunnerOptions.Record),
        nameof(RunnerOptions.Name),
    ];

    [Fact]
    public void Nothing_is_set_at_first()
    {
        RunnerOptions options = new RunnerOptions().Over(new RunnerOptions());
        foreach (PropertyInfo property in typeof(RunnerOptions).GetProperties())
            Assert.Equal((property.Name, null), (property.Name, property.GetValue(options)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void A_name_has_letters(string name)
    {
        Assert.Throws<ArgumentException>("Name", () => new RunnerOptions { Name = name });
        Assert.Throws<ArgumentException>("Name", () => new EnsembleOptions { Name = name });
    }

    [Theory]
    [MemberData(nameof(Properties))]
    public void What_is_not_set_is_as_the_item_says_and_what_is_set_wins(string name)
    {
        PropertyInfo property = typeof(RunnerOptions).GetProperty(name)!;
        object other = Other(property);
        RunnerOptions item = new(), silent = new(), outspoken = new();
        property.SetValue(item, other);
        Assert.Equal(other, property.GetValue(silent.Over(item)));
        Assert.Equal(other, property.GetValue(silent.Over(item).Over(null)));
        Assert.Null(property.GetValue(silent));
        // To the default, too, where it can be.
        object spoken = Spoken(property);
        Assert.NotEqual(spoken, other);
        property.SetValue(outspoken, spoken);
        Assert.Equal(spoken, property.GetValue(outspoken.Over(item)));
    }

    [Fact]
    public void Of_the_device_each_part_is_as_the_item_says_unless_it_is_set()
    {
        RunnerOptions item = new() { Device = new DeviceOptions { MemoryLimit = 512, Policy = DevicePolicy.Never } };
        Assert.Equal(DeviceOptions.Require with { MemoryLimit = 512 }, new RunnerOptions { Device = DeviceOptions.Require }.Over(item).Device);
        Assert.Equal(DeviceOptions.Never with { MemoryLimit = 7, Index = 1 }, new RunnerOptions { Device = new DeviceOptions { MemoryLimit = 7, Index = 1 } }.Over(item).Device);
    }

    public static TheoryData<string> Properties =>
        [.. typeof(RunnerOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name).Except(OfTheApplication)];

    private static object Other(PropertyInfo property) => property.Name switch
    {
        nameof(RunnerOptions.Cores) => 3,
        nameof(RunnerOptions.MaxMemory) => 3L,
        nameof(RunnerOptions.Batching) => BatchingOptions.On,
        nameof(RunnerOptions.Parts) => PartsOptions.Default with { Merging = false },
        nameof(RunnerOptions.Slicing) => false,
        nameof(RunnerOptions.Prepared) => "a folder",
        nameof(RunnerOptions.Device) => DeviceOptions.Require,
        _ => property.PropertyType == typeof(bool?) ? true : Enum.ToObject(Nullable.GetUnderlyingType(property.PropertyType)!, 1),
    };

    private static object Spoken(PropertyInfo property) => property.Name switch
    {
        nameof(RunnerOptions.Cores) => 1,
        nameof(RunnerOptions.MaxMemory) => 1L,
        nameof(RunnerOptions.Batching) => BatchingOptions.Auto,
        nameof(RunnerOptions.Parts) => PartsOptions.Default,
        nameof(RunnerOptions.Slicing) => true,
        nameof(RunnerOptions.Prepared) => "",
        nameof(RunnerOptions.Device) => DeviceOptions.Prefer,
        _ => property.PropertyType == typeof(bool?) ? false : Enum.ToObject(Nullable.GetUnderlyingType(property.PropertyType)!, 0),
    };
}
