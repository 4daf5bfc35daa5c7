using System;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace Cleave.Tool.Tests;

/// <summary>Values of options that no command can do anything with: one sentence names the option.</summary>
public sealed class OptionValueTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    /// <summary>As scripts give them whose variable is not set.</summary>
    [Theory]
    [InlineData("--device", "plan", "MODEL")]
    [InlineData("--prepared", "plan", "MODEL")]
    [InlineData("--project", "plan", "MODEL")]
    [InlineData("--device", "tune", "MODEL")]
    [InlineData("-o", "prepare", "MODEL")]
    [InlineData("--published", "prepare", "MODEL")]
    [InlineData("--onnxruntime", "prepare", "MODEL")]
    [InlineData("--model", "prepare", "MODEL", "--check")]
    [InlineData("-o", "calibrate")]
    [InlineData("--like", "quantize", "MODEL", "-o", "OUT")]
    [InlineData("--metric", "quantize", "MODEL", "-o", "OUT")]
    [InlineData("--curve", "quantize", "MODEL", "-o", "OUT")]
    [InlineData("--inputs", "quantize", "MODEL", "-o", "OUT")]
    [InlineData("--inputs", "verify", "MODEL")]
    [InlineData("--against", "verify", "MODEL")]
    [InlineData("--inputs", "golden", "MODEL", "--record")]
    [InlineData("-o", "fix", "MODEL")]
    [InlineData("-o", "extract", "MODEL", "--nodes", "0")]
    public async Task An_empty_path_is_refused(string option, params string[] command)
    {
        ToolRun run = await Run([.. command, option, ""]);
        Assert.Equal(1, run.Code);
        Assert.Contains("empty", run.Error);
        Assert.Contains(option == "-o" ? "-o" : option, run.Error.Replace("--output", "-o", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", run.Error);
    }

    [Theory]
    [InlineData("--cores", "0", "plan", "MODEL")]
    [InlineData("--cores", "0", "prepare", "MODEL", "-o", "OUT")]
    [InlineData("--cores", "-3", "prepare", "MODEL", "-o", "OUT")]
    [InlineData("--limit", "-1", "prepare", "MODEL", "-o", "OUT")]
    [InlineData("--metric-limit", "0", "quantize", "MODEL", "-o", "OUT")]
    [InlineData("--metric-limit", "5000000", "quantize", "MODEL", "-o", "OUT")]
    public async Task A_number_out_of_range_is_refused(string option, string value, params string[] command)
    {
        ToolRun run = await Run([.. command, option, value]);
        Assert.Equal(1, run.Code);
        Assert.Contains($"{option} {value}: give a whole number from ", run.Error);
    }

    private Task<ToolRun> Run(string[] arguments)
    {
        string model = _tiny.Save(), target = Path.Combine(Path.GetDirectoryName(model)!, "out");
        return ToolRun.Of(Array.ConvertAll(arguments, a => a switch { "MODEL" => model, "OUT" => target, _ => a }));
    }
}
