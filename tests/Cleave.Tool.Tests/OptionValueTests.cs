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
    [InlineData("--onnxruntime", "tune", "MODEL")]
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

    /// <summary>A comma would separate thousands: 0,001 would be 1.</summary>
    [Theory]
    [InlineData("0,001")]
    [InlineData("nan")]
    [InlineData("-1")]
    public async Task A_tolerance_that_is_none_is_refused(string value)
    {
        ToolRun run = await Run(["golden", "MODEL", "--tolerance", value]);
        Assert.Equal(1, run.Code);
        Assert.Contains($"--tolerance {value}: give a number from 0 on, as in 0.05.", run.Error);
    }

    /// <summary>Whose argument may be left out takes what comes next.</summary>
    [Fact]
    public async Task A_model_is_not_the_name_of_a_batch()
    {
        ToolRun run = await Run(["fix", "--dynamic-batch", "MODEL", "-o", "OUT"]), both = await Run(["fix", "--dynamic-batch", "other.ONNX", "MODEL", "-o", "OUT"]);
        Assert.All([run, both], static r => Assert.Equal(1, r.Code));
        Assert.All([run, both], static r => Assert.Contains("put --dynamic-batch after the model, or give it a name", r.Error));
    }

    [Fact]
    public async Task A_validation_of_nothing_is_refused()
    {
        ToolRun run = await Run(["validate", ""]);
        Assert.Equal(2, run.Code);
        Assert.Contains("The model's name is empty: give the .onnx file.", run.Error);
    }

    [Theory]
    [InlineData("--plan has no meaning with --ensemble", "plan", "MODEL", "MODEL", "--ensemble", "V", "--plan", "split")]
    [InlineData("--outputs has no meaning without --ensemble", "tune", "MODEL", "--outputs", "y")]
    [InlineData("--prepared has no meaning with --ensemble", "plan", "MODEL", "MODEL", "--ensemble", "V", "--prepared", "OUT")]
    [InlineData("--mermaid has no meaning with --ensemble", "plan", "MODEL", "MODEL", "--ensemble", "V", "--mermaid")]
    [InlineData("--mermaid has no meaning with --json", "plan", "MODEL", "--json", "--mermaid")]
    [InlineData("--budget has no meaning with --device", "tune", "MODEL", "--device", "cuda", "--budget", "9")]
    [InlineData("--dims has no meaning with --device", "tune", "MODEL", "--device", "cuda", "--dims", "batch=1")]
    [InlineData("--input has no meaning with --device", "tune", "MODEL", "--device", "cuda", "--input", "x=1")]
    [InlineData("--plan-dims has no meaning with --device", "tune", "MODEL", "--device", "cuda", "--plan-dims", "batch=1")]
    [InlineData("--plan-dims has no meaning with --ensemble", "tune", "MODEL", "MODEL", "--ensemble", "V", "--plan-dims", "batch=1")]
    [InlineData("--output has no meaning with --published", "prepare", "MODEL", "--published", "OUT", "-o", "OUT")]
    [InlineData("--plan-dims has no meaning with --published", "prepare", "MODEL", "--published", "OUT", "--plan-dims", "batch=1")]
    [InlineData("--outputs has no meaning with --published", "prepare", "MODEL", "--published", "OUT", "--outputs", "y")]
    [InlineData("--plan has no meaning with --published", "prepare", "MODEL", "--published", "OUT", "--plan", "Split")]
    [InlineData("--weights has no meaning with --published", "prepare", "MODEL", "--published", "OUT", "--weights", "Map")]
    [InlineData("--slicing has no meaning with --published", "prepare", "MODEL", "--published", "OUT", "--slicing", "true")]
    [InlineData("--precision has no meaning with --published", "prepare", "MODEL", "--published", "OUT", "--precision", "Widened")]
    [InlineData("--model has no meaning without --check or --prune", "prepare", "MODEL", "-o", "OUT", "--model", "MODEL")]
    [InlineData("--keep-batch has no meaning with --like", "quantize", "MODEL", "-o", "OUT", "--like", "MODEL", "--keep-batch")]
    [InlineData("--min-gain has no meaning with --no-measure", "quantize", "MODEL", "-o", "OUT", "--min-gain", "2", "--no-measure")]
    [InlineData("--max-error has no meaning without --against", "verify", "MODEL", "--max-error", "0.1")]
    [InlineData("--check has no meaning with --list", "prepare", "OUT", "--list", "--check")]
    [InlineData("--prune has no meaning with --list", "prepare", "OUT", "--list", "--prune")]
    [InlineData("--prune has no meaning with --check", "prepare", "OUT", "--check", "--prune")]
    [InlineData("--output has no meaning with --prune", "prepare", "OUT", "--prune", "-o", "OUT")]
    [InlineData("--cores has no meaning with --check", "prepare", "OUT", "--check", "--cores", "2")]
    [InlineData("--limit has no meaning with --list", "prepare", "OUT", "--list", "--limit", "2")]
    [InlineData("--onnxruntime has no meaning with --list", "prepare", "OUT", "--list", "--onnxruntime", "OUT")]
    [InlineData("--published has no meaning with --prune", "prepare", "OUT", "--prune", "--published", "OUT")]
    [InlineData("--plan has no meaning with --prune", "prepare", "OUT", "--prune", "--plan", "Split")]
    [InlineData("--weights has no meaning with --list", "prepare", "OUT", "--list", "--weights", "Map")]
    [InlineData("--plan-dims has no meaning without --model", "prepare", "OUT", "--check", "--plan-dims", "batch=1")]
    [InlineData("--inputs has no meaning without --record", "golden", "MODEL", "--inputs", "OUT")]
    [InlineData("--dims has no meaning without --record", "golden", "MODEL", "--dims", "batch=1")]
    [InlineData("--input has no meaning without --record", "golden", "MODEL", "--input", "x=1")]
    [InlineData("--seed has no meaning without --record", "golden", "MODEL", "--seed", "3")]
    [InlineData("--tolerance has no meaning with --record", "golden", "MODEL", "--record", "--tolerance", "0.1")]
    [InlineData("--input has no meaning with --inputs", "golden", "MODEL", "--record", "--inputs", "OUT", "--input", "x=1")]
    [InlineData("--seed has no meaning with --inputs", "golden", "MODEL", "--record", "--inputs", "OUT", "--seed", "3")]
    [InlineData("--dims has no meaning with --inputs", "quantize", "MODEL", "-o", "OUT", "--inputs", "OUT", "--dims", "batch=1")]
    [InlineData("--input has no meaning with --inputs", "quantize", "MODEL", "-o", "OUT", "--inputs", "OUT", "--input", "x=1")]
    [InlineData("--min-gain has no meaning with --like", "quantize", "MODEL", "-o", "OUT", "--like", "MODEL", "--min-gain", "2")]
    [InlineData("--metric-limit has no meaning without --metric", "quantize", "MODEL", "-o", "OUT", "--metric-limit", "9")]
    [InlineData("--project has no meaning without --ensemble", "plan", "MODEL", "--project", "OUT")]
    [InlineData("--project has no meaning without --ensemble", "tune", "MODEL", "--project", "OUT")]
    [InlineData("--project has no meaning without --ensemble", "tune", "MODEL", "--device", "cuda", "--project", "OUT")]
    [InlineData("--rounds has no meaning with --quick", "bench", "MODEL", "--quick", "--rounds", "9")]
    public async Task An_option_that_would_be_ignored_is_refused(string expected, params string[] command)
    {
        ToolRun run = await Run(command);
        Assert.Equal((1, "cleave: error " + expected + ".\n", ""), (run.Code, run.Error, run.Output));
    }

    private Task<ToolRun> Run(string[] arguments)
    {
        string model = _tiny.Save(), target = Path.Combine(Path.GetDirectoryName(model)!, "out");
        return ToolRun.Of(Array.ConvertAll(arguments, a => a switch { "MODEL" => model, "OUT" => target, _ => a }));
    }
}
