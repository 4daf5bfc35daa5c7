using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Generation;
using Xunit;

namespace Cleave.Tool.Tests.Planning;

/// <summary>What the section "What a split looks like" of docs/plan.md shows, and the README and docs/lanes.md of it, is what comes out. UPDATE_GOLDEN=1 writes it anew.</summary>
public sealed class PlanPageTests : IDisposable
{
    private const string Model = "two_tower_8x256";

    private static readonly string Page = Path.Combine(SharedModels.Repository, "docs", "plan.md"), Readme = Path.Combine(SharedModels.Repository, "README.md"),
        Lanes = Path.Combine(SharedModels.Repository, "docs", "lanes.md");

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_code_is_what_is_generated()
    {
        string source = GeneratedModel.FromFile(ModelCatalog.Get(Model).Write(_folder.Path)).Sources.Single(s => s.Key.EndsWith(".Plan.g.cs", StringComparison.Ordinal)).Value;
        string[] lines = source.Split('\n');
        int budgets = Array.FindIndex(lines, l => l.TrimStart().StartsWith("// Thread budgets", StringComparison.Ordinal));
        int lanes = Array.FindLastIndex(lines, l => l.TrimStart().StartsWith("// Lane 0", StringComparison.Ordinal));
        // The ends of two classes and the namespace.
        int end = Array.FindLastIndex(lines, l => l == "            }");
        string[] methods = [.. lines[lanes..(end + 1)].Select(l => Outdented(l, 12))];
        Expect(Page, "cs", string.Join('\n', [.. lines.Skip(budgets).TakeWhile(l => l.Trim() != "};").Append("        };").Select(l => Outdented(l, 8)), "", .. methods]));
        Expect(Readme, "cs", string.Join('\n', methods));
        Expect(Lanes, "cs", string.Join('\n', methods));
    }

    [Fact]
    public async Task The_diagram_is_what_plan_draws()
    {
        ToolRun run = await ToolRun.Of("plan", ModelCatalog.Get(Model).Write(_folder.Path), "--cores", "2", "--mermaid");
        Assert.Equal(0, run.Code);
        Expect(Page, "mermaid", run.Output.TrimEnd('\n'));
        Expect(Readme, "mermaid", run.Output.TrimEnd('\n'));
    }

    private static void Expect(string file, string fence, string text)
    {
        string page = File.ReadAllText(file).ReplaceLineEndings("\n");
        string open = "\n```" + fence + "\n";
        int start = page.IndexOf(open, StringComparison.Ordinal) + open.Length, end = page.IndexOf("```\n", start, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(file, page[..start] + text + "\n" + page[end..]);
            return;
        }
        Assert.Equal(page[start..end], text + "\n");
    }

    private static string Outdented(string line, int by) => line.Length > by ? line[by..] : line.TrimStart();
}
