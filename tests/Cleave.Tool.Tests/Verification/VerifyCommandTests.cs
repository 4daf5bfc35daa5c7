using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Xunit;

namespace Cleave.Tool.Tests.Verification;

/// <summary>What a user sees of verify: exit codes, text, JSON, refusals.</summary>
public sealed class VerifyCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_that_can_be_split_is_equal()
    {
        ToolRun run = await ToolRun.Of("verify", Catalog("chain"), "--partitions", "3");
        Assert.Equal(0, run.Code);
        Assert.Empty(run.Error);
        Assert.Contains("verdict: equal, however it is split", run.Output);
        Assert.Contains("partitions over nodes", run.Output);
    }

    [Fact]
    public async Task Plans_that_would_be_baked_in_are_compared_too()
    {
        ToolRun run = await ToolRun.Of("verify", Catalog("two_tower_8x256"), "--partitions", "0", "--json");
        Assert.Equal(0, run.Code);
        Assert.Equal("equal", run.Json.GetProperty("verdict").GetString());
        JsonElement plan = run.Json.GetProperty("partitions").EnumerateArray().First(p => p.GetProperty("kind").GetString() == "plan");
        Assert.Equal(3, plan.GetProperty("segments").GetInt32());
        Assert.Equal(0, plan.GetProperty("lost").GetArrayLength());
    }

    [Fact]
    public async Task Nothing_split_is_no_proof()
    {
        using TinyModel tiny = Two("Relu");
        ToolRun run = await ToolRun.Of("verify", tiny.Path, "--partitions", "0");
        Assert.Equal(2, run.Code);
        Assert.Contains("nothing was split", run.Output);
        Assert.Equal(0, (await ToolRun.Of("verify", tiny.Path)).Code);
    }

    [Fact]
    public async Task One_node_is_verified_whole()
    {
        using TinyModel tiny = new();
        ToolRun run = await ToolRun.Of("verify", tiny.Save(), "--json");
        Assert.Equal(0, run.Code);
        Assert.Equal("equal", run.Json.GetProperty("verdict").GetString());
        Assert.Equal(0, run.Json.GetProperty("segments").GetInt32());
    }

    [Fact]
    public async Task Chosen_outputs_are_compared_with_the_file_that_has_them()
    {
        string path = Catalog("residual");
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        string inner = model.Graph.Node.Last(n => n.OpType == "Add").Output[0];
        ToolRun run = await ToolRun.Of("verify", path, "--outputs", inner, "--partitions", "4", "--json");
        Assert.Equal(0, run.Code);
        Assert.Equal("equal", run.Json.GetProperty("verdict").GetString());
        Assert.True(run.Json.GetProperty("segments").GetInt32() > 1);
        Assert.Equal(inner, Assert.Single(run.Json.GetProperty("outputs").EnumerateArray()).GetProperty("output").GetString());

        ToolRun wrong = await ToolRun.Of("verify", path, "--outputs", inner + "x");
        // A name with a semicolon is written as in the item's metadata.
        ToolRun escaped = await ToolRun.Of("verify", path, "--outputs", "a%3Bb");
        Assert.Contains("'a;b'", escaped.Error, StringComparison.Ordinal);
        Assert.Equal(1, wrong.Code);
        Assert.Contains("CLV2010", wrong.Error);
        Assert.Contains(inner, wrong.Error);
    }

    [Fact]
    public async Task Random_operators_are_said_to_be_unverifiable()
    {
        using TinyModel tiny = Two("RandomNormalLike");
        ToolRun run = await ToolRun.Of("verify", tiny.Path);
        Assert.Equal(2, run.Code);
        Assert.Contains("draws random numbers (RandomNormalLike)", run.Output);
    }

    [Fact]
    public async Task Results_that_are_no_numbers_are_said()
    {
        using TinyModel tiny = Two("Log");
        ToolRun run = await ToolRun.Of("verify", tiny.Path, "--input", "x=1");
        Assert.Equal(0, run.Code);
        Assert.Contains("'z' has elements that are not finite", run.Output);
    }

    [Fact]
    public async Task Json_keeps_everything()
    {
        ToolRun run = await ToolRun.Of("verify", Catalog("residual"), "--partitions", "3", "--seed", "5", "--json");
        Assert.Equal(0, run.Code);
        JsonElement json = run.Json;
        Assert.Equal("residual.onnx", json.GetProperty("model").GetString());
        Assert.Equal(5UL, json.GetProperty("seed").GetUInt64());
        JsonElement[] partitions = [.. json.GetProperty("partitions").EnumerateArray()];
        Assert.Equal("whole", partitions[0].GetProperty("kind").GetString());
        Assert.Contains(partitions, p => p.GetProperty("kind").GetString() == "groups" && p.GetProperty("lost").ValueKind == JsonValueKind.Array);
        Assert.Contains(partitions, p => p.GetProperty("kind").GetString() == "nodes" && p.GetProperty("seed").GetUInt64() == 5);
        Assert.Equal(partitions.Skip(1).Sum(p => p.GetProperty("segments").GetInt32()), json.GetProperty("segments").GetInt32());
        Assert.Equal(partitions.Skip(1).Sum(p => p.GetProperty("cutValues").GetInt32()), json.GetProperty("cutValues").GetInt32());
        JsonElement output = json.GetProperty("outputs")[0];
        foreach (string name in new[] { "own", "whole", "plans", "groups", "nodes", "unoptimised" })
            Assert.True(output.GetProperty(name).TryGetProperty("ulps", out _), name);
    }

    [Fact]
    public async Task Equal_seeds_give_equal_reports()
    {
        string model = Catalog("two_tower_8x256");
        ToolRun first = await ToolRun.Of("verify", model, "--partitions", "2", "--json");
        Assert.Equal(first.Output, (await ToolRun.Of("verify", model, "--partitions", "2", "--json")).Output);
        Assert.NotEqual(first.Output, (await ToolRun.Of("verify", model, "--partitions", "2", "--seed", "9", "--json")).Output);
    }

    [Fact]
    public async Task Given_inputs_and_sizes_are_used()
    {
        using TinyModel tiny = Two("Relu");
        // The older of two encodings.
        TensorProto tensor = new() { DataType = TinyModel.Float, Dims = { 5, 4 }, FloatData = { Enumerable.Range(0, 20).Select(i => (float)i) } };
        string set = new TestDataFolder(_folder.Path).Set();
        TestDataFolder.WriteInput(set, tensor);
        ToolRun run = await ToolRun.Of("verify", tiny.Path, "--inputs", set, "--dims", "batch=7", "--dims", "batch=2", "--json");
        Assert.Equal(0, run.Code);
        Assert.Equal(["test_data_set_0", "random, batch=7", "random, batch=2"], run.Json.GetProperty("inputs").EnumerateArray().Select(i => i.GetString()));
    }

    [Theory]
    [InlineData("--dims batch", "give a name and a size")]
    [InlineData("--dims width=3", "leaves no dimension of that name open; it leaves open batch")]
    [InlineData("--dims batch=1,batch=2", "given twice")]
    [InlineData("--input y=1", "no input of that name; it has x")]
    [InlineData("--input x=a", "give a name and a number")]
    [InlineData("--threads 0", "at least 1")]
    [InlineData("--partitions -1", "at least 0")]
    [InlineData("--inputs nowhere", "input_0.pb is missing")]
    public async Task What_cannot_be_is_refused(string arguments, string message)
    {
        using TinyModel tiny = new();
        ToolRun run = await ToolRun.Of(["verify", tiny.Save(), .. arguments.Split(' ')]);
        Assert.Equal(1, run.Code);
        Assert.Contains(message, run.Error);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("--partitions few", "give a whole number.")]
    [InlineData("--seed -1", "give a whole number.")]
    [InlineData("--plan quick", "give auto, whole or split.")]
    public async Task Words_and_numbers_that_are_none_are_named(string arguments, string message)
    {
        ToolRun run = await ToolRun.Of(["verify", "model.onnx", .. arguments.Split(' ')]);
        Assert.Equal(1, run.Code);
        Assert.Contains(arguments + ": " + message, run.Error);
    }

    [Fact]
    public async Task A_tensor_file_of_something_else_is_refused()
    {
        using TinyModel tiny = new();
        tiny.Save();
        File.WriteAllText(TestDataFolder.InputOf(_folder.Path), "no tensor, but text");
        ToolRun run = await ToolRun.Of("verify", tiny.Path, "--inputs", _folder.Path);
        Assert.Equal(1, run.Code);
        Assert.Contains("is no tensor that can be read", run.Error);
    }

    [Fact]
    public async Task A_tensor_whose_elements_are_in_another_file_is_refused()
    {
        using TinyModel tiny = new();
        tiny.Save();
        TensorProto tensor = new()
        {
            DataType = TinyModel.Float,
            Dims = { 1, 4 },
            DataLocation = TensorProto.Types.DataLocation.External,
            ExternalData = { new StringStringEntryProto { Key = "location", Value = "other.bin" } },
        };
        TestDataFolder.WriteInput(_folder.Path, tensor);
        ToolRun run = await ToolRun.Of("verify", tiny.Path, "--inputs", _folder.Path);
        Assert.Equal(1, run.Code);
        Assert.Contains("keeps its elements in another file", run.Error.ReplaceLineEndings(" "));
    }

    [Fact]
    public async Task A_model_that_cannot_be_read_or_run_is_refused()
    {
        ToolRun missing = await ToolRun.Of("verify", Path.Combine(_folder.Path, "none.onnx"));
        Assert.Equal(1, missing.Code);
        Assert.Contains("CLV1001", missing.Error);
        using TinyModel tiny = new();
        tiny.Model.Graph.Node[0].OpType = "NoSuchOperator";
        ToolRun unknown = await ToolRun.Of("verify", tiny.Save());
        Assert.Equal(1, unknown.Code);
        Assert.Contains("ONNX Runtime does not run the model", unknown.Error);
    }

    // x → Neg → y → another → z
    private static TinyModel Two(string operation)
    {
        TinyModel tiny = new();
        tiny.Model.Graph.Node[0] = TinyModel.Node("Neg", ["x"], "y");
        tiny.Model.Graph.Node.Add(TinyModel.Node(operation, ["y"], "z"));
        tiny.Model.Graph.Output.Add(TinyModel.Value("z", TinyModel.Float, "batch", 4));
        tiny.Save();
        return tiny;
    }

    private string Catalog(string name) => ModelCatalog.Get(name).Write(_folder.Path);
}
