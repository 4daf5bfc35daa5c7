using System;
using System.IO;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Xunit;

namespace Cleave.Tool.Tests;

/// <summary>Commands that read several files name the one that is wrong, as it was given.</summary>
public sealed class NamedFileTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Theory]
    [InlineData("verify", "GOOD", "--against", "BAD")]
    [InlineData("verify", "BAD", "--against", "GOOD")]
    [InlineData("quantize", "GOOD", "-o", "OUT", "--like", "BAD")]
    [InlineData("plan", "GOOD", "BAD", "--ensemble", "Vision")]
    [InlineData("tune", "GOOD", "BAD", "--ensemble", "Vision")]
    [InlineData("prepare", "GOOD", "BAD", "-o", "OUT")]
    [InlineData("prepare", "OUT", "--check", "--model", "BAD")]
    [InlineData("bench", "BAD")]
    [InlineData("extract", "BAD", "--nodes", "0", "-o", "OUT")]
    public async Task The_file_that_is_wrong_is_named(params string[] arguments)
    {
        string good = _tiny.Save(), folder = Path.GetDirectoryName(good)!, missing = Path.Combine(folder, "typo.onnx"), empty = Path.Combine(folder, "empty.onnx");
        await File.WriteAllTextAsync(empty, "");
        foreach (string bad in new[] { missing, empty })
        {
            ToolRun run = await ToolRun.Of(Array.ConvertAll(arguments, a => a switch { "GOOD" => good, "BAD" => bad, "OUT" => Path.Combine(folder, "out"), _ => a }));
            Assert.Equal(1, run.Code);
            Assert.Contains("error CLV", run.Error);
            Assert.Contains("'" + bad + "'", run.Error);
            Assert.DoesNotContain("'" + good + "'", run.Error);
        }
    }

    /// <summary>Files of lines, of which several are given, or none: a line alone says nothing.</summary>
    [Theory]
    [InlineData(2, "bad.graph", "build the project again", "validate", "BAD")]
    [InlineData(1, "bad.graph", "build the project again", "prepare", "BAD", "--published", "HERE")]
    [InlineData(1, "Vision.ensemble.tune", "correct or delete it", "plan", "GOOD", "OTHER", "--ensemble", "Vision", "--project", "HERE")]
    public async Task A_file_with_a_damaged_line_is_named(int code, string name, string advice, params string[] arguments)
    {
        using TinyModel other = new();
        string good = _tiny.Save(), folder = Path.GetDirectoryName(good)!, bad = Path.Combine(folder, name);
        await File.WriteAllTextAsync(bad, "nonsense\n");
        ToolRun run = await ToolRun.Of(Array.ConvertAll(arguments, a => a switch { "GOOD" => good, "OTHER" => other.Save(), "BAD" => bad, "HERE" => folder, _ => a }));
        Assert.Equal(code, run.Code);
        Assert.Matches($"^cleave: error {Regex.Escape(bad)} is damaged \\(line 1: .*\\); {advice}\\.\n$", run.Error);
    }
}
