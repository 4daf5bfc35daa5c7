using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace Cleave.Tool.Tests;

/// <summary>What programs read begins with the number of its format.</summary>
public sealed class ReportFormatTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Theory]
    [InlineData("inspect", "MODEL")]
    [InlineData("plan", "MODEL")]
    [InlineData("verify", "MODEL")]
    [InlineData("fix", "MODEL", "-o", "OUT")]
    [InlineData("plan", "--ensemble", "Two", "MODEL", "OTHER")]
    public async Task A_report_begins_with_its_format(params string[] arguments)
    {
        File.Copy(_tiny.Save(), _tiny.Path.Replace("tiny", "other", StringComparison.Ordinal));
        ToolRun run = await ToolRun.Of([.. Array.ConvertAll(arguments, a => a switch { "MODEL" => _tiny.Path, "OTHER" => _tiny.Path.Replace("tiny", "other", StringComparison.Ordinal), "OUT" => _tiny.Path + ".out", _ => a }), "--json"]);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal(("format", 1), (run.Json.EnumerateObject().First().Name, run.Json.GetProperty("format").GetInt32()));
    }

    [Theory]
    [InlineData("verify", "Default: auto", "Exit code 2")]
    [InlineData("plan", "Default: auto", "128 for the others", "Default: avx2")]
    [InlineData("validate", "Exit code 2")]
    [InlineData("fix", "replaced", ".data")]
    [InlineData("extract", "replaced", ".data", "one of --nodes and --outputs")]
    public async Task Help_says_what_is_taken_where_nothing_is_given(string command, params string[] words)
    {
        string help = string.Join(' ', (await ToolRun.Of(command, "--help")).Output.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        Assert.All(words, w => Assert.Contains(w, help, StringComparison.Ordinal));
    }
}
