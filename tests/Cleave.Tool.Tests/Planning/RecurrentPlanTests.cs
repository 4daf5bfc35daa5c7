using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.TestKit.Synthetic;
using Cleave.Tool.Loose;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Planning;

/// <summary>What a user sees where a plan takes a recurrent model apart: in plan, and in verify.</summary>
public sealed class RecurrentPlanTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Plan_says_what_is_taken_apart()
    {
        string model = Write(new Recurrent("LSTM", 4, 256, 64).Stacked());
        ToolRun run = await ToolRun.Of("plan", model, "--cores", "2", "--plan", "split");
        Assert.Equal(0, run.Code);
        Assert.Contains("taken apart: 4 recurrent layers in ", run.Output, StringComparison.Ordinal);

        JsonElement recurrent = (await ToolRun.Of("plan", model, "--cores", "2", "--plan", "split", "--json")).Json.GetProperty("plan").GetProperty("recurrent");
        Assert.Equal(4, recurrent.GetProperty("taken").GetArrayLength());
        Assert.All(recurrent.GetProperty("taken").EnumerateArray(), n => Assert.Equal(64, n.GetProperty("steps").GetInt32()));
        Assert.True(recurrent.GetProperty("nodes").GetInt32() > 32);
        Assert.DoesNotContain("taken apart", (await ToolRun.Of("plan", model, "--cores", "2", "--plan", "whole")).Output, StringComparison.Ordinal);
    }

    // As the runner counts them: a lane's chunks of one length have one session, those of two lengths two.
    [Fact]
    public async Task Plan_counts_the_weights_of_chunks_of_each_length()
    {
        long one = await Bytes(64), two = await Bytes(66);
        Assert.InRange(two / (double)one, 1.98, 2.02);

        async Task<long> Bytes(int steps) => (await ToolRun.Of("plan", Write(new Recurrent("GRU", 4, 256, steps).Stacked()), "--cores", "2", "--plan", "split", "--json"))
            .Json.GetProperty("memory").GetProperty("plainBytes").GetInt64();
    }

    [Theory]
    [InlineData("stack")]
    [InlineData("both ways")]
    public async Task Verify_compares_it_with_the_model_as_it_is(string shape)
    {
        string model = Write(shape == "stack" ? new Recurrent("GRU", 4, 256, 32).Stacked() : new Recurrent("LSTM", 2, 256, 32).BothWays());
        ToolRun run = await ToolRun.Of("verify", model, "--partitions", "0", "--json");
        Assert.Equal(0, run.Code);
        Assert.Equal("equal", run.Json.GetProperty("verdict").GetString());
        Assert.Contains(run.Json.GetProperty("partitions").EnumerateArray(), p => p.GetProperty("kind").GetString() == "plan");
        Assert.Contains(run.Json.GetProperty("notes").EnumerateArray(), n => n.GetString()!.Contains("other nodes compute its values", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Prepared_is_what_has_a_session_and_not_each_chunk()
    {
        string model = Write(new Recurrent("LSTM", 4, 128, 64).Stacked()), folder = Path.Combine(_folder.Path, "entries");
        ToolRun run = await ToolRun.Of("prepare", model, "-o", folder, "--cores", "2", "--plan", "split");
        // The whole model; and what is before the chunks, a lane's chunks, the other lane's, and what is after them. Which of them ONNX Runtime prepares is another matter.
        Assert.InRange(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(l => l.Contains("prepared", StringComparison.Ordinal)), 2, 5);
        Assert.InRange(Directory.GetDirectories(folder).Length, 2, 5);
        ListingOptions item = new() { Plan = "Split" };
        using LooseRunner runner = new(model, LooseDefinition.SpecOf(model, ModelReader.ReadFile(model), item), new RunnerOptions { Prepared = folder, Cores = 2, Plan = PlanChoice.Split });
        Assert.Equal(4, runner.Engine.Plan.Sessions.Length);
    }

    private string Write(Cleave.OnnxProto.ModelProto proto)
    {
        string path = Path.Combine(_folder.Path, "m.onnx");
        File.WriteAllBytes(path, proto.ToByteArray());
        return path;
    }
}
