using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Planning;

/// <summary>What a user sees of plan. Predictions depend on the instruction set, so only what holds for any is asked.</summary>
public sealed class PlanCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_of_two_towers_is_shown_split_with_times_and_reasons()
    {
        ToolRun run = await ToolRun.Of("plan", Catalog("two_tower_8x256"), "--cores", "2", "--plan", "split");

        Assert.Equal(0, run.Code);
        Assert.Empty(run.Error);
        Assert.Contains("2 paths, merged to 2 clusters", run.Output, StringComparison.Ordinal);
        Assert.Contains("one core", run.Output, StringComparison.Ordinal);
        Assert.Contains("asked for; ", run.Output, StringComparison.Ordinal);
        Assert.Contains("user_tower.layers.0 to 7", run.Output, StringComparison.Ordinal);
        Assert.Contains("µs", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_holds_rows_lanes_and_segments()
    {
        JsonElement json = (await ToolRun.Of("plan", Catalog("two_tower_8x256"), "--cores", "6", "--plan", "split", "--dims", "batch=4", "--json")).Json;

        Assert.Equal(4, json.GetProperty("dims").GetProperty("batch").GetInt64());
        Assert.Equal([1, 2, 3, 4, 6], json.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("cores").GetInt32()));
        JsonElement plan = json.GetProperty("plan");
        JsonElement[] lanes = [.. plan.GetProperty("lanes").EnumerateArray()];
        Assert.Equal(2, lanes.Length);
        Assert.Equal("run 0", lanes[0].GetProperty("statements")[0].GetString());
        Assert.StartsWith("send ", lanes[1].GetProperty("statements")[1].GetString(), StringComparison.Ordinal);
        Assert.Equal(3, plan.GetProperty("segments").GetArrayLength());
        Assert.Equal(2, plan.GetProperty("criticalPath").GetArrayLength());
    }

    /// <summary>Nothing is baked for five cores: a runner takes the row for four.</summary>
    [Fact]
    public async Task What_is_shown_is_what_a_runner_takes()
    {
        JsonElement json = (await ToolRun.Of("plan", Catalog("two_tower_8x256"), "--cores", "5", "--json")).Json;
        Assert.Equal([1, 2, 3, 4], json.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("cores").GetInt32()));
        Assert.Equal(4, json.GetProperty("plan").GetProperty("cores").GetInt32());
        Assert.Contains("with 5 cores a runner takes that for 4", string.Join('\n', json.GetProperty("notes").EnumerateArray()), StringComparison.Ordinal);
        Assert.DoesNotContain("a runner takes", (await ToolRun.Of("plan", Catalog("two_tower_8x256"), "--cores", "4", "--json")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cores_are_as_many_as_a_runner_believes()
    {
        Assert.Equal(0, (await ToolRun.Of("plan", Catalog("chain"), "--cores", "2048")).Code);
        Assert.Contains("from 1 to 4096", (await ToolRun.Of("plan", Catalog("chain"), "--cores", "4097")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mermaid_is_a_box_for_each_segment_in_a_frame_for_each_lane()
    {
        ToolRun run = await ToolRun.Of("plan", Catalog("two_tower_8x256"), "--cores", "2", "--plan", "split", "--mermaid");
        string[] lines = run.Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("flowchart TB", lines[0]);
        Assert.Equal(2, lines.Count(l => l.StartsWith("subgraph lane", StringComparison.Ordinal)));
        Assert.Equal(3, lines.Count(l => l.Contains("<br/>", StringComparison.Ordinal)));
        Assert.Equal(["s0 s2", "s1 s2"], lines.Where(l => l[0] == 's' && l.Contains('>') && !l.Contains('[')).Select(l => l.Replace("-->", "").Replace("==>", "").Replace("  ", " ")));
        Assert.Single(lines, l => l.Contains("==>", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Names_mean_nothing_to_Mermaid()
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Catalog("two_tower_8x256")));
        for (int i = 0; i < model.Graph.Node.Count; i++)
            model.Graph.Node[i].Name = $"{i}\"]\n  click s0 href \"javascript:alert({i})\"<script>#quot;`%%";
        string path = Path.Combine(_folder.Path, "hostile.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        ToolRun run = await ToolRun.Of("plan", path, "--cores", "2", "--plan", "split", "--mermaid");

        Assert.Equal(0, run.Code);
        string[] lines = run.Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, l => Assert.Matches("^(flowchart TB|subgraph lane\\d+\\[\"[^\"<>#`%\\[\\]]*\"\\]|s\\d+\\[\"[^\"<>#`%\\[\\]]*<br/>[^\"<>#`%\\[\\]]*\"\\]|end|s\\d+ (==|--)> s\\d+)$", l));
        Assert.Contains(lines, l => l.Contains("javascript", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_model_that_is_one_path_says_so()
    {
        ToolRun run = await ToolRun.Of("plan", Catalog("chain"), "--cores", "4");

        Assert.Equal(0, run.Code);
        Assert.Contains("nothing in it can run side by side", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chain", "batch axis: batch. Requests may run together along it, and batches be divided")]
    [InlineData("lstm_time_major", "batches are not divided: it is not the first axis")]
    [InlineData("batch_similarity", "no batch axis: ")]
    [InlineData("detector", "cleave fix --dynamic-batch frees it")]
    public async Task Whether_batches_may_be_divided_is_said_and_why_not(string model, string expected)
    {
        ToolRun run = await ToolRun.Of("plan", Catalog(model), "--cores", "2");

        Assert.Contains(expected, run.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--dims", "seq=3", "there are batch")]
    [InlineData("--device", "missing.txt", "cleave calibrate")]
    [InlineData("--outputs", "nowhere", "CLV")]
    public async Task What_cannot_be_done_is_said(string option, string value, string expected)
    {
        ToolRun run = await ToolRun.Of("plan", Catalog("chain"), option, value);

        Assert.Equal(1, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData(8, "relu 16 = 400", "it holds no points of conv1, conv, conv-first and ")]
    [InlineData(1, "relu 16 = 400", "it holds no points of conv-plain, conv-transpose, conv-quantized and ")]
    public async Task A_device_table_that_lacks_kernels_is_refused(int block, string points, string expected)
    {
        string path = Path.Combine(_folder.Path, "device.txt");
        File.WriteAllText(path, $"cleave-device 1\nname part\nblock {block}\ncall 1000\nhand-off 100\nthreads 1\n{points}\n");

        ToolRun run = await ToolRun.Of("plan", Catalog("chain"), "--device", path);

        Assert.Equal(1, run.Code);
        Assert.Contains(expected, run.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("cleave calibrate", run.Error, StringComparison.Ordinal);
    }

    private string Catalog(string name) => ModelCatalog.Get(name).Write(Path.Combine(_folder.Path, "models"));
}
