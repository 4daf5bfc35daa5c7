using System;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Diagnostics;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>docs/diagnostics/README.md lists every rule. UPDATE_GOLDEN=1 writes it anew.</summary>
public sealed class DiagnosticsPageTests
{
    private static readonly string Page = Path.Combine(SharedModels.Repository, "docs", "diagnostics", "README.md");

    private static readonly (string Prefix, string Title)[] Groups =
    [
        ("CLV1", "The model file"),
        ("CLV2", "The class that is generated from it"),
        ("CLV3", "The build"),
        ("CLV4", "The running application"),
    ];

    [Fact]
    public void The_page_lists_every_rule()
    {
        string expected = Write();
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(Page, expected);
        Assert.Equal(expected, File.ReadAllText(Page).ReplaceLineEndings("\n"));
        Assert.All(Rules.All, r => Assert.Contains("[" + r.Id + "](" + r.Id + ".md)", expected, StringComparison.Ordinal));
    }

    private static string Write()
    {
        StringBuilder page = new(
            """
            # Diagnostics

            Everything that Cleave reports, by id. Written by a test from the rules themselves; do not edit.

            CLV1 and CLV2 are diagnostics of the compiler (CLV2005 of MSBuild, if a project has `Cleave.Runtime` only), CLV3 of MSBuild: [CI](../ci.md) says how to change their severity. CLV4 is the `Id` of a `CleaveException` in the running application; its message begins with it.

            """.ReplaceLineEndings("\n"));
        foreach ((string prefix, string title) in Groups)
        {
            page.Append("\n## ").Append(title).Append("\n\n| id | severity | what |\n| --- | --- | --- |\n");
            foreach (Rule rule in Rules.All.Where(r => r.Id.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(r => r.Id, StringComparer.Ordinal))
                page.Append("| [" + rule.Id + "](" + rule.Id + ".md) | " + (prefix == "CLV4" ? "exception" : rule.Severity.ToString().ToLowerInvariant()) + " | " + rule.Title + " |\n");
        }
        return page.ToString();
    }
}
