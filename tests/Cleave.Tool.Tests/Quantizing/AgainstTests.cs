using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.TestKit.Synthetic;
using Cleave.Tool.Running;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary><c>verify --against</c>, and the same in validation: a model in 8 bits and the one that it was made of, on inputs that it was not made with.</summary>
public sealed class AgainstTests : IDisposable
{
    private static readonly long[] Shape = [64, 512];

    private readonly QuantizeFixture _files = new();

    private string Floats => _files.PathOf("model.onnx");

    private string Bytes => _files.PathOf("model.int8.onnx");

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task The_error_is_that_on_inputs_which_the_file_was_not_made_with()
    {
        string samples = await Quantised();

        JsonElement json = (await ToolRun.Of("verify", Bytes, "--against", Floats, "--inputs", samples, "--json")).Json;
        ToolRun text = await ToolRun.Of("verify", Bytes, "--against", Floats, "--inputs", samples);

        Assert.True(json.GetProperty("isWithin").GetBoolean());
        // Two of the four were calibrated on.
        Assert.Equal((2, 2), (json.GetProperty("error").GetProperty("inputs").GetInt32(), json.GetProperty("calibrated").GetInt32()));
        Assert.InRange(json.GetProperty("error").GetProperty("worst").GetDouble(), 1e-6, 0.5);
        Assert.Equal("y", json.GetProperty("error").GetProperty("output").GetString());
        Assert.Equal(("", 0), (text.Error, text.Code));
        Assert.Contains("0.5 are allowed (2 inputs that it was not made with)", text.Output);
        Assert.Contains("note: 2 inputs were left out", text.Output);
        Assert.Contains("verdict: within the budget", text.Output);
    }

    /// <summary>Sixteen figures and a space each: thousands are longer than what is read of other metadata.</summary>
    [Fact]
    public async Task Of_many_inputs_that_it_was_made_with_all_are_known()
    {
        string samples = await Quantised();
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Bytes));
        StringStringEntryProto calibration = model.MetadataProps.Single(static p => p.Key == QuantisationMetadata.Calibration);
        calibration.Value = string.Join(' ', Enumerable.Range(0, 10_000).Select(static i => i.ToString("x16", CultureInfo.InvariantCulture)).Append(calibration.Value));
        _files.Save("model.int8.onnx", model);

        JsonElement json = (await ToolRun.Of("verify", Bytes, "--against", Floats, "--inputs", samples, "--json")).Json;

        Assert.Equal((2, 2), (json.GetProperty("error").GetProperty("inputs").GetInt32(), json.GetProperty("calibrated").GetInt32()));
    }

    [Fact]
    public async Task Beyond_the_budget_the_worst_output_and_input_are_named()
    {
        string samples = await Quantised();
        string larger = _files.Inputs("larger", Shape, 3, seed: 9);

        ToolRun run = await ToolRun.Of("verify", Bytes, "--against", Floats, "--inputs", samples, "--inputs", larger, "--max-error", "0.00001");

        Assert.Equal(1, run.Code);
        Assert.Matches(@"the output 'y' is 0\.\d+ of its length off on (samples|larger)/\d\.npy; 1E-05 are allowed \(5 inputs", run.Output);
        Assert.Contains("verdict: BEYOND THE BUDGET", run.Output);
    }

    [Fact]
    public async Task What_proves_nothing_is_an_error()
    {
        string samples = await Quantised(), calibrated = Directory.CreateDirectory(_files.PathOf("calibrated")).FullName;
        foreach (string file in new[] { "0.npy", "2.npy" })
            File.Copy(Path.Combine(samples, file), Path.Combine(calibrated, file));

        await Fails("there are no inputs to compare both on: record some in the application", "verify", Bytes, "--against", Floats);
        await Fails("all 2 inputs are among those that the file was made with", "verify", Bytes, "--against", Floats, "--inputs", calibrated);
        File.Delete(Path.Combine(calibrated, "2.npy"));
        await Fails("the only input is among those that the file was made with", "verify", Bytes, "--against", Floats, "--inputs", calibrated);
        await Fails("the file does not say for which error it was made", "verify", Floats, "--against", Floats, "--inputs", samples);
        await Fails("--max-error 0: give a number above 0", "verify", Bytes, "--against", Floats, "--inputs", samples, "--max-error", "0");
        await Fails("--seed has no meaning with --against", "verify", Bytes, "--against", Floats, "--seed", "3");
        await Fails("--max-error has no meaning without --against", "verify", Bytes, "--max-error", "0.1");
        string other = _files.Save("other.onnx", Convolutional.Residual(blocks: 1, channels: 32, 32));
        await Fails("it is another model: inputs x and outputs y instead of input and y", "verify", Bytes, "--against", other, "--inputs", samples);
    }

    [Fact]
    public async Task A_source_that_was_trained_again_is_noted()
    {
        string samples = await Quantised();
        _files.Save("model.onnx", QuantizeFixture.Layers(2, seed: 2));

        ToolRun run = await ToolRun.Of("verify", Bytes, "--against", Floats, "--inputs", samples);

        Assert.Equal(1, run.Code);
        Assert.Contains("note: model.onnx is not the file that the quantised model says it was made of", run.Output);
    }

    /// <summary>What <c>CleaveValidate</c> calls: the listing carries the item's QuantizedFrom and MaxError.</summary>
    [Fact]
    public async Task Validation_compares_both_on_what_is_recorded_beside_them()
    {
        await Quantised();
        string[] validate = ["validate", _files.PathOf("m.graph"), "--project", _files.Folder, "--cache", _files.PathOf("cache")];
        Listing("0.5");

        ToolRun none = await ToolRun.Of(validate);
        _files.Inputs("model.onnx" + RecordedFolders.Ending, Shape, 3, seed: 11);
        ToolRun within = await ToolRun.Of(validate);
        // What a runner is writing at this moment, or did when it was killed.
        string draft = Directory.CreateDirectory(_files.PathOf("model.onnx" + RecordedFolders.Ending + "/.making-0")).FullName;
        File.WriteAllText(TestDataFolder.InputOf(draft), "half of it");
        ToolRun again = await ToolRun.Of(validate);
        _files.Inputs("model.onnx" + RecordedFolders.Ending, Shape, 3, seed: 12);
        ToolRun others = await ToolRun.Of(validate);
        Listing("0.00001");
        ToolRun beyond = await ToolRun.Of(validate);
        File.Delete(Floats);
        ToolRun gone = await ToolRun.Of(validate);

        Assert.Equal((1, 0, 0, 0, 1, 1), (none.Code, within.Code, again.Code, others.Code, beyond.Code, gone.Code));
        Assert.Contains("error CLV3008: The model 'model.int8.onnx' failed its validation, 8 bits against floats: there are no inputs to compare both on", none.Output);
        Assert.Contains("8 bits against floats", within.Output);
        Assert.Contains("passed before, unchanged", again.Output);
        // Other recordings are another question.
        Assert.DoesNotContain("passed before", others.Output);
        Assert.Contains("failed its validation, 8 bits against floats: the output 'y' is 0.", beyond.Output);
        Assert.Contains("'model.onnx', which it was made of, does not exist", gone.Output);

        void Listing(string error) => File.WriteAllText(
            _files.PathOf("m.graph"), $"cleave-listing 1\noptions\n  source \"model.int8.onnx\"\n  quantized-from \"model.onnx\"\n  max-error \"{error}\"\n");
    }

    private async Task<string> Quantised()
    {
        _files.Save("model.onnx", QuantizeFixture.Layers(2, seed: 1));
        await _files.LayersInBytes("model.int8.onnx", withInputs: true);
        return _files.Samples();
    }

    private static async Task Fails(string expected, params string[] arguments)
    {
        ToolRun run = await ToolRun.Of(arguments);
        Assert.Equal(1, run.Code);
        Assert.Contains(expected, run.Error);
    }
}
