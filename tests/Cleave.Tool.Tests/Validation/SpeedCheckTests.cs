using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using System.Xml.Linq;
using Cleave.Core.Listing;
using Cleave.Generator.Model;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Validation;
using Xunit;

namespace Cleave.Tool.Tests.Validation;

public sealed class SpeedCheckTests
{
    private int _measured;

    [Fact]
    public void Too_slow_is_what_is_so_beyond_the_whole_interval_twice()
    {
        Assert.Null(Check(1.1, [1.0]).Problem);
        // The lower bound is within.
        Assert.Null(Check(1.1, [1.0, 1.2, 1.3, 1.3, 1.3, 1.3, 1.3]).Problem);
        Assert.Equal(1, _measured);

        ValidationCheck slow = Check(1.1, [1.3], [1.4]);
        Assert.Equal(2, _measured);
        Assert.Equal("CLV3011", slow.ToProblem()!.Rule.Id);
        Assert.Equal(
            "The model 'm.onnx' is slower than its speed budget: it takes 1.40 times as long as ONNX Runtime's plain session (with 95 % certainty 1.39 to 1.41); the budget is 1.1. "
                + "'cleave bench' measures what would be faster; the item metadata MaxSlowdown is the budget.",
            slow.ToProblem()!.Message("m.onnx"));
    }

    [Fact]
    public void Once_too_slow_is_measured_again()
    {
        ValidationCheck again = Check(1.1, [1.3], [1.0]);
        Assert.Equal(2, _measured);
        Assert.Null(again.Problem);
        Assert.StartsWith("it takes 1.00 times as long", again.Note);
    }

    /// <summary>A budget that was not checked is not one that is kept.</summary>
    [Fact]
    public void What_cannot_be_measured_says_why()
    {
        Samples failed = new(new Dictionary<string, Block[]>()) { Failures = new Dictionary<string, Failure> { ["Cleave"] = new("does not rest", "") } };
        ValidationCheck check = SpeedCheck.Of(1.1, () =>
        {
            _measured++;
            return failed;
        });
        Assert.Equal(2, _measured);
        Assert.Equal("it could not be measured: Cleave: does not rest", check.Problem);
        Assert.Equal("CLV3008", check.ToProblem()!.Rule.Id);
    }

    /// <summary>Budgets that hold, or not, on any machine.</summary>
    [Fact]
    public async Task The_runner_of_the_item_is_measured_against_the_plain_session()
    {
        using TinyModel tiny = new();
        tiny.Save();
        string folder = Path.GetDirectoryName(tiny.Path)!, cache = Path.Combine(folder, "cache");
        string listing = Path.Combine(folder, "m.graph");
        await File.WriteAllTextAsync(listing, "cleave-listing 1\noptions\n  source \"tiny_model.onnx\"\n  dims \"batch=3\"\n  max-slowdown \"1000\"\n  setting \"Cores\" \"1\"\n");
        string[] arguments = ["validate", listing, "--project", folder, "--cache", cache, "--summary", Path.Combine(folder, "summary.md"), "--max-slowdown", "0.0001"];

        // The item's own, not the option.
        ToolRun kept = await ToolRun.Of(arguments);
        Assert.Equal((0, ""), (kept.Code, kept.Error));
        Assert.Contains(", speed)", kept.Output);
        Assert.Matches("speed: it takes [0-9.]+ times as long as ONNX Runtime's plain session", await File.ReadAllTextAsync(Path.Combine(folder, "summary.md")));
        Assert.Contains("passed before, unchanged", (await ToolRun.Of(arguments)).Output);

        // Told in every form, whatever the file is called.
        string hostile = arguments[1] = Path.Combine(folder, ValidateCommandTests.Hostile), junit = Path.Combine(folder, "junit.xml");
        File.Copy(tiny.Path, hostile);
        ToolRun slow = await ToolRun.Of([.. arguments, "--junit", junit]);
        Assert.Equal(1, slow.Code);
        Assert.Contains($"{hostile} : error CLV3011: The model '{hostile}' is slower than its speed budget: it takes ", slow.Output);
        Assert.Single(Directory.GetFiles(cache));
        Assert.Equal("1", XDocument.Load(junit).Root!.Element("testsuite")!.Attribute("failures")!.Value);
        string summary = await File.ReadAllTextAsync(Path.Combine(folder, "summary.md"));
        Assert.DoesNotContain("<script>", summary);
        Assert.Equal(5, summary.Split('\n').Single(l => l.Contains(".onnx")).Replace("\\|", "").Count(c => c == '|'));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("fast")]
    [InlineData("1,1")]
    [InlineData("1001")]
    public async Task A_budget_that_is_none_is_refused(string budget)
    {
        ToolRun run = await ToolRun.Of("validate", "m.onnx", "--max-slowdown", budget);
        Assert.Equal((2, ""), (run.Code, run.Output));
        Assert.Contains("--max-slowdown " + budget + ": " + SpeedBudget.Advice, run.Error);
    }

    [Fact]
    public void Settings_of_the_item_are_those_of_generated_code()
    {
        RunnerOptions options = new();
        List<Cleave.Core.Diagnostics.Problem> problems = [];
        (string, string)[] metadata =
        [
            ("Cores", "2"), ("Hint", "Background"), ("MaxMemory", "2GB"), ("Deterministic", "true"), ("Batching", "On"), ("BatchSize", "8"),
            ("BatchDelay", "1.5ms"), ("PartPolicy", "Equal"), ("PartMerging", "false"),
        ];
        LooseSettings.Apply(SettingReader.Read(new ListingOptions { Settings = [.. metadata.Select(m => KeyValuePair.Create(m.Item1, m.Item2))] }, problems), options);

        Assert.Empty(problems);
        Assert.Equal((2, RunnerHint.Background, 2L << 30, true), (options.Cores, options.Hint, options.MaxMemory, options.Deterministic));
        Assert.Equal(new BatchingOptions { Choice = BatchingChoice.On, MaxSize = 8, Delay = TimeSpan.FromTicks(15000) }, options.Batching);
        Assert.Equal(new PartsOptions { Policy = PartPolicy.Equal, Merging = false }, options.Parts);
        Assert.Equal(new BatchingOptions(), BatchingOptions.Auto);
    }

    // Each measurement as ratios of its rounds; one alone stands for seven of them.
    private ValidationCheck Check(double budget, params double[][] measurements)
    {
        _measured = 0;
        return SpeedCheck.Of(budget, () =>
        {
            double[] ratios = measurements[_measured++];
            ratios = ratios.Length == 1 ? [.. Enumerable.Repeat(ratios[0], 7)] : ratios;
            return new Samples(new Dictionary<string, Block[]>
            {
                [SpeedCheck.Runner] = [.. ratios.Select(Block)],
                [SpeedCheck.Session] = [.. ratios.Select(_ => Block(1))],
            });
        });

        static Block Block(double time) => new([time], 0, 0, 0, 0, 0);
    }
}
