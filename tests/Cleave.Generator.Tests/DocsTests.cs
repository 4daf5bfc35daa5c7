using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Cleave.Core.Diagnostics;
using Cleave.Core.Onnx;
using Cleave.Generator.Emit;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>The documentation says what the code does.</summary>
public class DocsTests
{
    private static readonly string Docs = Path.Combine(SharedModels.Repository, "docs");

    public static TheoryData<string> Ids => [.. Rules.All.Select(r => r.Id)];

    [Fact]
    public void The_page_shows_what_is_generated()
    {
        Generated generated = GeneratorHost.Run(Models.File(Models.Bert())).Compiles();
        string[] files = [Shown(generated, "MyApp.BertRunner.g.cs"), Shown(generated, "MyApp.BertRunner.Plan.g.cs")];

        string path = Path.Combine(Docs, "generated-code.md");
        string page = File.ReadAllText(path).ReplaceLineEndings("\n");
        int block = 0;
        string expected = CSharpBlock().Replace(page, _ => "```csharp\n" + files[block++] + "```\n");
        Assert.Equal(files.Length, block);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, page = expected);
        Assert.Equal(expected, page);
    }

    /// <summary>Lanes on a page are those of a golden file, line after line; "…" stands for lines that are left out.</summary>
    [Theory]
    [InlineData("// Lane 0: 461 µs", "accelerator.cs")]
    [InlineData("// Lane 0: 480 µs", "recurrent.cs")]
    public void Lanes_on_the_page_are_generated_ones(string start, string golden)
    {
        string page = File.ReadAllText(Path.Combine(Docs, "placement.md")).ReplaceLineEndings("\n");
        int from = page.IndexOf("```text\n" + start, StringComparison.Ordinal) + "```text\n".Length;
        string[] shown = [.. page[from..page.IndexOf("\n```", from, StringComparison.Ordinal)].Split('\n').Select(Spaced)];
        string[] generated = [.. File.ReadLines(Path.Combine(SharedModels.Repository, "tests", "Cleave.Generator.Tests", "Golden", golden)).Select(Spaced)
            .Where(l => l.StartsWith("lane.", StringComparison.Ordinal) || l.StartsWith("// Lane ", StringComparison.Ordinal))];

        int at = Array.FindIndex(generated, l => l.StartsWith(start, StringComparison.Ordinal)) - 1;
        bool leftOut = false;
        foreach (string line in shown)
        {
            if (line == "…")
            {
                leftOut = true;
                continue;
            }
            int next = Array.IndexOf(generated, line, at + 1);
            Assert.True(leftOut ? next > at : next == at + 1, line);
            (at, leftOut) = (next, false);
        }
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_id_has_a_page_with_its_message(string id)
    {
        Rule rule = Rules.Find(id)!;
        string page = File.ReadAllText(Path.Combine(Docs, "diagnostics", id + ".md")).ReplaceLineEndings("\n");
        Assert.StartsWith("# " + id + ": " + rule.Title + "\n", page, StringComparison.Ordinal);
        Assert.Contains("\n## Cause\n", page, StringComparison.Ordinal);
        Assert.Contains("\n## Fix\n", page, StringComparison.Ordinal);

        string message = Regex.Replace(Regex.Escape(rule.Message), @"\\\{\d}", ".+");
        Match example = Regex.Match(page, "^```text\n(.*)\n```$", RegexOptions.Multiline);
        Assert.Matches(message + "$", example.Groups[1].Value);
    }

    [Fact]
    public void The_page_says_how_deep_graphs_may_be_nested() => Assert.Contains(
        "more than " + ModelReader.DeepestNesting + " levels deep", File.ReadAllText(Path.Combine(Docs, "diagnostics", Rules.NestedTooDeep.Id + ".md")), StringComparison.Ordinal);

    /// <summary>"…" stands for lines that are left out.</summary>
    [Fact]
    public void The_lines_of_a_device_table_on_the_page_are_those_of_the_table_that_ships()
    {
        string[] table = File.ReadAllLines(Path.Combine(SharedModels.Repository, "src", "Cleave.Core", "Cost", "Devices", "avx2.txt"));
        string block = Regex.Match(File.ReadAllText(Path.Combine(Docs, "cost-model.md")).ReplaceLineEndings("\n"), "```\n(cleave-device.*?)\n```", RegexOptions.Singleline).Groups[1].Value;
        Assert.All(block.Split('\n').Where(l => l != "…"), l => Assert.Contains(l, table));
    }

    [Fact]
    public void Every_page_has_an_id()
    {
        string[] pages = [.. Directory.GetFiles(Path.Combine(Docs, "diagnostics")).Select(f => Path.GetFileNameWithoutExtension(f)!).Where(f => f != "README")];
        Assert.Equal(Rules.All.Select(r => r.Id).Order(StringComparer.Ordinal), pages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_release_files_list_what_the_generator_reports()
    {
        string folder = Path.Combine(SharedModels.Repository, "src", "Cleave.Generator");
        string[] listed =
        [
            .. new[] { "AnalyzerReleases.Shipped.md", "AnalyzerReleases.Unshipped.md" }
                .SelectMany(f => File.ReadAllLines(Path.Combine(folder, f)))
                .Where(line => line.StartsWith("CLV", StringComparison.Ordinal))
                .Select(line => string.Join(" | ", line.Split('|').Take(3).Select(c => c.Trim()))),
        ];
        Assert.Equal(
            Rules.All.Where(r => r.Id[3] is '1' or '2').Select(r => r.Id + " | Cleave | " + r.Severity).Order(StringComparer.Ordinal),
            listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Ids_are_unique_and_their_help_leads_to_their_page()
    {
        Assert.Equal(Rules.All.Count, Rules.All.Select(r => r.Id).Distinct().Count());
        Assert.All(Rules.All, r => Assert.EndsWith("/docs/diagnostics/" + r.Id + ".md", r.HelpLink, StringComparison.Ordinal));
    }

    // The version and the hash would change for reasons that nobody reads the page for.
    private static string Shown(Generated generated, string hint) => Regex.Replace(
        generated.Source(hint).Replace(SafeText.Literal(GeneratedCode.Version), "\"0.1.0\"", StringComparison.Ordinal),
        "h2:([0-9a-f]{4})[0-9a-f]{60}",
        "h2:$1…");

    private static string Spaced(string line) => Regex.Replace(line.Trim(), " +", " ");

    private static Regex CSharpBlock() => new("```csharp\n.*?```\n", RegexOptions.Singleline);
}
