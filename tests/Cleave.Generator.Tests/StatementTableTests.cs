using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Generator.Emit;
using Cleave.Generator.Model;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Generation;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>A plan of more statements than anybody reads is written as tables.</summary>
public sealed class StatementTableTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cleave-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_plan_of_over_2000_statements_runs_as_the_whole_model()
    {
        string path = SplitModels.Save(SplitModels.Exchange(stages: 5, layers: 32, seed: 5), _folder, "exchange");
        ListingOptions options = new() { Plan = "Split" };
        // The plan for 32 cores is made the one for two: wherever the test runs, it has threads enough to be opened.
        GeneratedModel model = GeneratedModel.FromFile(path, options, code => Regex.Replace(
            code, @"^ *new\((\d+), (\w+)\.Plan, .*\n", m => m.Groups[2].Value switch
            {
                "Lanes32" => m.Value.Replace("new(32,", "new(2,", StringComparison.Ordinal),
                "WholePlan" when m.Groups[1].Value == "1" => m.Value,
                _ => "",
            }, RegexOptions.Multiline));
        PlanSpec plan = model.Spec.Plans.Single(p => p.Class == "Lanes32");
        Assert.True(plan.IsTable && plan.Lanes.Sum(l => l.Statements.Count) > PlanSpecBuilder.MostInCode);
        Assert.All(model.Spec.Plans.Where(p => p != plan), p => Assert.Equal(p.Lanes.Sum(l => l.Statements.Count) > PlanSpecBuilder.MostInCode, p.IsTable));

        await using GeneratedRunner whole = model.CreateRunner(new RunnerOptions { Plan = PlanChoice.Whole });
        int sessions = 0;
        await using GeneratedRunner split = model.CreateRunner(new RunnerOptions { Plan = PlanChoice.Split, Strict = true, ConfigureSession = (_, _) => sessions++ });
        Assert.Equal(plan.Segments.Count, sessions);
        foreach (int rows in (int[])[1, 3])
        {
            IReadOnlyDictionary<string, TensorData> inputs = ModelInputs.Random(path, FormattableString.Invariant($"batch={rows}"), seed: 5);
            float[] expected = whole.Run(inputs)["y"].As<float>(), actual = split.Run(inputs)["y"].As<float>();
            Assert.Equal(expected.Length, actual.Length);
            Assert.All(expected.Zip(actual), p => Assert.True(Math.Abs(p.First - p.Second) <= 1e-4f * (1 + Math.Abs(p.First)), $"{p.First} and {p.Second}"));
        }

        List<Problem> problems = [];
        RunnerSpec again = SpecBuilder.Build(ModelLister.List(path, options, default), Path.GetFileName(path), "MyApp", problems)!;
        Assert.Equal(plan, again.Plans.Single(p => p.Class == "Lanes32"));
    }

    [Fact]
    public void The_table_says_why_it_is_one_and_each_lane_follows_its_own()
    {
        string path = SplitModels.Save(SplitModels.Fan(2, 2), _folder, "fan");
        PlanSpec code = GeneratedModel.FromFile(path, new ListingOptions { Plan = "Split" }).Spec.Plans[0];
        SourceWriter writer = new();
        SplitEmitter.Write(writer, code with { Lanes = new([.. code.Lanes.Select(l => l with { Table = l.Method + "Statements" })]) });
        string text = writer.ToString();
        Assert.Equal(Form.ReplaceLineEndings("\n"), Regex.Replace(text[text.IndexOf("    // 8 statements", StringComparison.Ordinal)..], "(// Lane .):.*", "$1"));
    }

    // Times left out: they change with the device table.
    private const string Form = """
            // 8 statements, and over 2000 nobody reads as code: each lane follows a table.
            // A statement is what it does and the place of its segment in Segments, or of its value in Values. 'cleave plan --json' lists them.
            private const int Run = 0, Send = 1, Receive = 2;

            private static readonly global::Cleave.Generated.Segment[] Segments =
            {
                StemLayers0To1, Branches0Layers0To1, Branches1Layers0To1, Concat,
            };

            private static readonly global::Cleave.Generated.Value[] Values =
            {
                StemRelu1Output0, Branches1Relu1Output0,
            };

            private static readonly int[] TrunkStatements =
            {
                Run, 0, Send, 0, Run, 1, Receive, 1, Run, 3,
            };

            private static readonly int[] Branches1Layers0To1LaneStatements =
            {
                Receive, 0, Run, 2, Send, 1,
            };

            internal static readonly global::Cleave.Generated.Plan Plan = new(
                "TwoLanes",
                Segments,
                Trunk, Branches1Layers0To1Lane);

            // Lane 0
            private static void Trunk(global::Cleave.Generated.Lane lane)
            {
                lane.Follow(Segments, Values, TrunkStatements);
            }

            // Lane 1
            private static void Branches1Layers0To1Lane(global::Cleave.Generated.Lane lane)
            {
                lane.Follow(Segments, Values, Branches1Layers0To1LaneStatements);
            }
        }

        """;
}
