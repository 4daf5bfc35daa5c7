using System;
using System.IO;
using System.Linq;
using System.Reflection;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>docs/settings.md leaves nothing out that the runtime can be told, and docs/ensembles.md nothing that an ensemble can. Item metadata and MSBuild properties are compared where they are read.</summary>
public sealed class SettingsPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(SharedModels.Repository, "docs", "settings.md"));

    public static TheoryData<string> Options => [.. typeof(RunnerOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name)];

    public static TheoryData<string> Variables =>
    [
        .. typeof(RunnerOptions).Assembly.GetTypes().SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static))
            .Where(f => f.IsLiteral && f.FieldType == typeof(string))
            .Select(f => (string)f.GetRawConstantValue()!)
            .Where(v => v.StartsWith("CLEAVE_", StringComparison.Ordinal)),
    ];

    [Theory]
    [MemberData(nameof(Options))]
    public void Every_option_is_in_the_second_column(string option) => Assert.Matches(@"\n\|[^\n]*[^\\]\| `" + option + "[` ]", Page);

    [Fact]
    public void Every_option_of_an_ensemble_has_a_row()
    {
        string page = File.ReadAllText(Path.Combine(SharedModels.Repository, "docs", "ensembles.md"));
        Assert.All(
            typeof(EnsembleOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance),
            p => Assert.Contains("\n| `" + p.Name + "` |", page.Split("| `EnsembleOptions` |")[1], StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Variables))]
    public void Every_environment_variable_has_a_row(string variable) => Assert.Contains("\n| `" + variable + "` |", Page, StringComparison.Ordinal);
}
