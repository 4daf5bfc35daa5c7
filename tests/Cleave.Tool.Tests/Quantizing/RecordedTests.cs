using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.Tool.Loose;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Running;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>What a runner keeps of its requests is what quantize and verify take: one half is calibrated on, the other says what the error is.</summary>
public sealed class RecordedTests : IDisposable
{
    private const int Requests = 6;

    private static readonly int[] Shape = [64, 512];

    private readonly QuantizeFixture _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task What_a_runner_recorded_is_calibrated_on_and_judged_on()
    {
        string floats = _files.Save("model.onnx", Shifted()), bytes = _files.PathOf("model.int8.onnx"), recorded = _files.PathOf("recorded");
        InputData[][] asked = [.. Enumerable.Range(0, Requests).Select(static i => Request(i))];
        await Serve(floats, asked, new RecordingOptions(recorded));

        ToolRun made = await ToolRun.Of("quantize", floats, "-o", bytes, "--max-error", "0.5", "--no-measure", "--json", "--inputs", recorded);
        JsonElement judged = (await ToolRun.Of("verify", bytes, "--against", floats, "--json", "--inputs", recorded)).Json;

        Assert.Equal(("", 0), (made.Error, made.Code));
        // Every second request is held out; each input is that of the request.
        Assert.Equal((3, 3), (Count(made.Json.GetProperty("search")), Count(made.Json.GetProperty("heldOut"))));
        Assert.Equal(
            asked.Where(static (_, i) => i % 2 == 0).Select(Hash).Order(StringComparer.Ordinal),
            QuantisationMetadata.Of(ModelReader.ReadFile(bytes), QuantisationMetadata.Calibration)!.Split(' '));
        Assert.Equal((3, 3), (Count(judged.GetProperty("error")), judged.GetProperty("calibrated").GetInt32()));
        Assert.True(judged.GetProperty("isWithin").GetBoolean());
        Assert.Matches("^test_data_set_[135]$", judged.GetProperty("input").GetString());
        Assert.Equal(made.Json.GetProperty("heldOut").GetProperty("worst").GetDouble(), judged.GetProperty("error").GetProperty("worst").GetDouble(), 1e-9);

        // Beside the model nobody has to name it.
        Directory.Move(recorded, floats + RecordedFolders.Ending);
        JsonElement beside = (await ToolRun.Of("verify", bytes, "--against", floats, "--json")).Json;
        Assert.Equal(judged.GetProperty("error").ToString(), beside.GetProperty("error").ToString());
    }

    private static async Task Serve(string path, InputData[][] requests, RecordingOptions record)
    {
        await using LooseRunner runner = new(path, LooseDefinition.SpecOf(path, ModelReader.ReadFile(path), new ListingOptions()), new RunnerOptions { Cores = 1, Record = record });
        foreach (InputData[] request in requests)
            runner.Run(runner.NewRequest(new RequestInputs(request, []))).Dispose();
    }

    // Two inputs of equal shapes, not in the order of their names: exchanged, they would be other requests.
    private static ModelProto Shifted()
    {
        ModelProto model = QuantizeFixture.Layers(2, seed: 1);
        model.Graph.Node.Single(static n => n.Output.Contains("y")).Output[0] = "all";
        model.Graph.Node.Add(Tests.TinyModel.Node("Add", ["all", "by"], "y"));
        model.Graph.Input.Add(Tests.TinyModel.Value("by", Tests.TinyModel.Float, Shape[0], Shape[1]));
        return model;
    }

    private static InputData[] Request(int seed)
    {
        SeededRandom random = new((ulong)seed + 1);
        return [Make("x"), Make("by")];

        InputData Make(string name) => new(name, ElementType.Float, Shape, MemoryMarshal.AsBytes(Enumerable.Range(0, Shape[0] * Shape[1]).Select(_ => (float)random.Fraction()).ToArray().AsSpan()).ToArray());
    }

    private static string Hash(InputData[] request) => QuantizedMetadata.OfInputs(new InputCase(
        "request", request.ToDictionary(static i => i.Name, static i => new TensorCopy(i.Type, Array.ConvertAll(i.Shape, static d => (long)d), i.Bytes))));

    private static int Count(JsonElement error) => error.GetProperty("inputs").GetInt32();
}
