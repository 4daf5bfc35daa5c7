using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Generator.Model;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Generation;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>Split plans as they are generated: the lanes give what ONNX Runtime gives on the whole file, and lane methods that do not fit together are refused.</summary>
public sealed class SplitTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cleave-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Towers_give_the_same_in_every_way_to_run()
    {
        string path = ModelCatalog.Get("two_tower_8x256").Write(_folder);
        GeneratedModel model = Split(path);
        IReadOnlyDictionary<string, TensorData> inputs = Inputs(path, 3), expected = Reference(path, inputs);

        await using GeneratedRunner runner = OpenSplit(model);
        Same(expected, runner.Run(inputs));
        Same(expected, await runner.RunAsync(inputs));
        using (GeneratedCall call = runner.CreateCall(inputs.ToDictionary(i => i.Key, i => i.Value.Shape)))
        {
            foreach ((string name, TensorData data) in inputs)
                call.SetInput(name, data.Data);
            call.Run();
            Same(expected, model.Outputs.ToDictionary(o => o, call.Output));
        }

        List<string> sessions = [];
        using GeneratedRunner whole = model.CreateRunner(new RunnerOptions { Plan = PlanChoice.Whole, ConfigureSession = (_, s) => sessions.Add(s.Segment) });
        Same(expected, whole.Run(inputs));
        Assert.Equal(["Whole"], sessions);
    }

    [Theory]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.Double)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.Bool)]
    [InlineData(ElementType.String)]
    public async Task Values_of_a_type_are_handed_over(object type)
    {
        string path = SplitModels.Save(SplitModels.HandsOver((ElementType)type), _folder, "typed");
        GeneratedModel model = Split(path);
        Assert.Contains(model.Spec.Plans.SelectMany(p => p.Values), v => v.Type == (ElementType)type);
        await RunsAsTheFile(model, path);
    }

    [Fact]
    public async Task A_value_goes_to_two_lanes_and_is_sent_once()
    {
        string path = SplitModels.Save(SplitModels.Fan(3, 4), _folder, "fan");
        GeneratedModel model = Split(path);
        Assert.Contains(model.Spec.Plans.SelectMany(p => p.Lanes).SelectMany(l => l.Statements), s => s.Call == LaneCall.Send && s.Comment.Split(';')[0].Contains(", ", StringComparison.Ordinal));
        await RunsAsTheFile(model, path);
    }

    [Fact]
    public async Task Nodes_in_several_segments()
    {
        string path = SplitModels.Save(SplitModels.CheapShared(), _folder, "cheap");
        GeneratedModel model = Split(path);
        Assert.Contains(model.Spec.Plans, p => p.Segments.SelectMany(s => Positions(s.Nodes)).GroupBy(n => n).Any(g => g.Count() > 1));
        await RunsAsTheFile(model, path);
    }

    /// <summary>Each segment that reads a cloned value makes it: else each lane's first one would hand it to its later ones, and one value have two writers.</summary>
    [Fact]
    public async Task Cloned_nodes_that_each_lane_reads_in_several_segments()
    {
        string path = SplitModels.Save(SplitModels.Ladder(4, isMasked: true), _folder, "masked");
        GeneratedModel model = Split(path);
        Assert.Contains(model.Spec.Plans, p => p.Segments.SelectMany(s => Positions(s.Nodes)).GroupBy(n => n).Any(g => g.Count() > 3));
        await RunsAsTheFile(model, path);
    }

    [Fact]
    public async Task A_value_with_a_dimension_that_follows_from_the_inputs()
    {
        string path = SplitModels.Save(SplitModels.Doubled(), _folder, "doubled");
        GeneratedModel model = Split(path);
        Assert.Matches("global::Cleave.Generated.Dim.Unknown.*\\.ShapedByInputs\\(\\);", Code(model));
        await RunsAsTheFile(model, path);
    }

    /// <summary>As the whole model does: what the file states of a value inside it ONNX Runtime does not check there, but of an input it does.</summary>
    [Theory]
    [InlineData("an output that is read inside")]
    [InlineData("a value inside")]
    public async Task A_size_that_the_file_states_wrongly_stops_no_request(string of)
    {
        string path = SplitModels.Save(of == "a value inside" ? SplitModels.Stale() : SplitModels.WrongOutput(), _folder, "wrong");
        GeneratedModel model = Split(path);
        await RunsAsTheFile(model, path);
        await using GeneratedRunner whole = model.CreateRunner(new RunnerOptions { Plan = PlanChoice.Whole });
        await RunsAsTheFile(whole, path);
    }

    [Fact]
    public async Task A_long_lane_is_written_as_several_methods()
    {
        string path = SplitModels.Save(SplitModels.Ladder(60), _folder, "ladder");
        GeneratedModel model = Split(path);
        LaneSpec lane = model.Spec.Plans.SelectMany(p => p.Lanes).First(l => l.Parts.Count > 0);
        Assert.True(lane.Statements.Count > PlanSpecBuilder.MostStatements);
        Assert.Equal((lane.Statements.Count + PlanSpecBuilder.MostStatements - 1) / PlanSpecBuilder.MostStatements, lane.Parts.Count);
        Assert.All(lane.Parts, part => Assert.Contains(part + "(lane);\n", Code(model), StringComparison.Ordinal));
        await RunsAsTheFile(model, path);
    }

    [Fact]
    public void Chosen_outputs_of_a_split_model()
    {
        string path = ModelCatalog.Get("two_tower_8x256").Write(_folder);
        GeneratedModel model = GeneratedModel.FromFile(path, new ListingOptions { Plan = "Split", Outputs = ["item_embedding", "user_embedding"] });
        Assert.Equal(["item_embedding", "user_embedding"], model.Outputs);
        IReadOnlyDictionary<string, TensorData> inputs = Inputs(path, 2), expected = Reference(path, inputs);
        using GeneratedRunner runner = OpenSplit(model);
        Same(expected.Where(e => e.Key != "score").ToDictionary(), runner.Run(inputs));
    }

    [Fact]
    public void Without_a_send_the_waiting_lane_and_its_value_are_reported()
    {
        string path = ModelCatalog.Get("two_tower_8x256").Write(_folder);
        string? lost = null;
        Regex send = new(@"^ *lane\.Send\((\w+)\);.*\n", RegexOptions.Multiline);
        GeneratedModel model = Split(path, code => send.Replace(code, m =>
        {
            lost = m.Groups[1].Value;
            return "";
        }, 1));
        Assert.NotNull(lost);
        PlanSpec plan = model.Spec.Plans.First();
        string value = plan.Values.FirstOrDefault(v => v.Field == lost)?.Name ?? model.Spec.Outputs.First(o => o.Field == lost).Name;
        string lane = plan.Lanes.First(l => l.Statements.Any(s => s.Call == LaneCall.Receive && s.Fields.Contains(lost))).Method;

        Assert.Matches(@"lane \d \(.*" + Regex.Escape(lane) + @".*\) waits for the value '" + Regex.Escape(value) + "', which no lane sends", Refused(model));
    }

    [Fact]
    public void Two_dependent_runs_exchanged_are_refused()
    {
        string path = SplitModels.Save(SplitModels.Ladder(3), _folder, "ladder");
        bool edited = false;
        Regex dependent = new(@"^( *lane\.Run\(\w+\);.*\n)((?: *lane\.(?:Send|Receive)\(.*\n)*)( *lane\.Run\(\w+\);.*\n)", RegexOptions.Multiline);
        GeneratedModel model = Split(path, code => dependent.Replace(code, m =>
        {
            edited = true;
            return m.Groups[3].Value + m.Groups[2].Value + m.Groups[1].Value;
        }, 1));
        Assert.True(edited);

        Assert.Matches(@"lane \d \(.*\) (runs the segment '.*' before it has made or received the value|has Send\(.*\) before it has made that value)", Refused(model));
    }

    // Found by following the statements when the runner opens: nobody waits for a time to pass.
    // Two cores: the table's first split, which is the one that was edited.
    private static string Refused(GeneratedModel model)
    {
        CleaveException e = Assert.Throws<CleaveException>(() => model.CreateRunner(new RunnerOptions { Cores = 2 }));
        Assert.Equal("CLV4010", e.Id);
        // The whole model is not affected.
        model.CreateRunner(new RunnerOptions { Plan = PlanChoice.Whole }).Dispose();
        return e.Message;
    }

    private static GeneratedModel Split(string path, Func<string, string>? edit = null) =>
        GeneratedModel.FromFile(path, new ListingOptions { Plan = "Split" }, edit);

    private static async Task RunsAsTheFile(GeneratedModel model, string path)
    {
        await using GeneratedRunner runner = OpenSplit(model);
        await RunsAsTheFile(runner, path);
    }

    private static async Task RunsAsTheFile(GeneratedRunner runner, string path)
    {
        foreach (int rows in (int[])[1, 5])
        {
            IReadOnlyDictionary<string, TensorData> inputs = Inputs(path, rows), expected = Reference(path, inputs);
            Same(expected, runner.Run(inputs));
            Same(expected, await runner.RunAsync(inputs));
        }
    }

    private static GeneratedRunner OpenSplit(GeneratedModel model)
    {
        List<string> sessions = [];
        GeneratedRunner runner = model.CreateRunner(new RunnerOptions { Strict = true, ConfigureSession = (_, s) => sessions.Add(s.Segment) });
        Assert.True(sessions.Count > 1, "it runs as one session");
        Assert.DoesNotContain("Whole", sessions);
        return runner;
    }

    private static IReadOnlyDictionary<string, TensorData> Inputs(string path, int rows) =>
        ModelInputs.Random(path, FormattableString.Invariant($"batch={rows},sequence={rows}"), seed: 5);

    private static IReadOnlyDictionary<string, TensorData> Reference(string path, IReadOnlyDictionary<string, TensorData> inputs)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using InferenceSession session = new(path, options);
        using RunOptions run = new();
        Dictionary<string, OrtValue> values = inputs.ToDictionary(i => i.Key, i => i.Value.ToOrtValue());
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, values, session.OutputNames);
        Dictionary<string, TensorData> results = session.OutputNames.Zip(outputs).ToDictionary(o => o.First, o => o.Second.ToTensorData());
        foreach (OrtValue value in values.Values)
            value.Dispose();
        return results;
    }

    private static void Same(IReadOnlyDictionary<string, TensorData> expected, IReadOnlyDictionary<string, TensorData> actual)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, TensorData tensor) in expected)
        {
            Assert.Equal(tensor.Shape, actual[name].Shape);
            if (tensor.Data is float[] floats)
                Near(name, floats, actual[name].As<float>(), 1e-5f);
            else if (tensor.Data is Half[] halves)
                // A rounding more or less: where the model is cut, ONNX Runtime may place its casts elsewhere.
                Near(name, Array.ConvertAll(halves, h => (float)h), Array.ConvertAll(actual[name].As<Half>(), h => (float)h), 2e-3f);
            else
                Assert.Equal(tensor.Data, actual[name].Data);
        }
    }

    private static void Near(string name, float[] expected, float[] actual, float tolerance) =>
        Assert.All(expected.Zip(actual), p => Assert.True(Math.Abs(p.First - p.Second) <= tolerance * (1 + Math.Abs(p.First)), $"{name}: {p.First} and {p.Second}"));

    private static string Code(GeneratedModel model) => string.Concat(model.Sources.Values);

    private static IEnumerable<int> Positions(string ranges) => ranges.Split(',').SelectMany(range =>
    {
        int[] ends = Array.ConvertAll(range.Split('-'), int.Parse);
        return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
    });
}
