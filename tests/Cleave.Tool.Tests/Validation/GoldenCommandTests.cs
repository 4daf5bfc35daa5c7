using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.Tool.Golden;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Validation;

public sealed class GoldenCommandTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    private string Folder => _tiny.Path + ".golden";

    private TestDataFolder Recorded => new(Folder);

    [Fact]
    public async Task What_was_recorded_is_compared()
    {
        ToolRun none = await ToolRun.Of("golden", _tiny.Save());
        Assert.Equal(1, none.Code);
        Assert.Contains("--record", none.Error);

        ToolRun recorded = await ToolRun.Of("golden", "--record", _tiny.Path);
        Assert.Equal((0, ""), (recorded.Code, recorded.Error));
        // ONNX's own layout, which protobuf reads.
        TensorProto input = TestDataFolder.Read(Recorded.Input());
        TensorProto output = TestDataFolder.Read(Recorded.Output());
        Assert.Equal(("x", "y"), (input.Name, output.Name));
        Assert.Equal(input.RawData, output.RawData);
        ToolRun same = await ToolRun.Of("golden", _tiny.Path);
        Assert.Equal((0, $"The model gives what was recorded ({Directory.GetDirectories(Folder).Length} sets).\n"), (same.Code, same.Output));

        // Other weights: no type and no shape shows it.
        _tiny.Model.Graph.Initializer[0].RawData = ByteString.CopyFrom(Enumerable.Repeat(0.5f, 4).SelectMany(BitConverter.GetBytes).ToArray());
        ToolRun changed = await ToolRun.Of("golden", _tiny.Save());
        Assert.Equal(1, changed.Code);
        Assert.StartsWith("test_data_set_0: the output 'y' is not what was recorded: it is apart by ", changed.Output);
        Assert.Equal(0, (await ToolRun.Of("golden", "--tolerance", "10", _tiny.Path)).Code);

        Assert.Equal(0, (await ToolRun.Of("golden", "--record", "--dims", "batch=2", _tiny.Path)).Code);
        Assert.Equal("The model gives what was recorded (1 set).\n", (await ToolRun.Of("golden", _tiny.Path)).Output);
        Assert.Single(Directory.GetDirectories(Folder));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(_tiny.Path)!, "*.tmp"));
    }

    /// <summary>A range of nothing: a part of it allows nothing.</summary>
    [Theory]
    [InlineData(1e-9f, null, 0)]
    [InlineData(1e-9f, "0", 1)]
    [InlineData(1e-3f, null, 1)]
    public async Task Zeros_that_were_recorded_are_compared_with_a_tolerance_too(float factor, string? tolerance, int code)
    {
        _tiny.Model.Graph.Node[0].OpType = "Mul";
        Assert.Equal(0, (await ToolRun.Of("golden", "--record", "--dims", "batch=2", _tiny.Save())).Code);
        _tiny.Model.Graph.Initializer[0].RawData = ByteString.CopyFrom(Enumerable.Repeat(factor, 4).SelectMany(BitConverter.GetBytes).ToArray());
        string[] more = tolerance is null ? [] : ["--tolerance", tolerance];
        Assert.Equal(code, (await ToolRun.Of(["golden", _tiny.Save(), .. more])).Code);
    }

    [Fact]
    public async Task Given_inputs_are_recorded_alone()
    {
        await ToolRun.Of("golden", "--record", "--dims", "batch=2", _tiny.Save());
        string given = Path.Combine(Path.GetDirectoryName(_tiny.Path)!, "given");
        Directory.Move(Recorded.Set(), given);
        Assert.Equal(0, (await ToolRun.Of("golden", "--record", "--inputs", given, _tiny.Path)).Code);
        Assert.Equal(File.ReadAllBytes(TestDataFolder.InputOf(given)), File.ReadAllBytes(Recorded.Input()));
        Assert.Single(Directory.GetDirectories(Folder));
    }

    [Fact]
    public async Task A_recording_that_does_not_fit_says_what_is_missing()
    {
        await ToolRun.Of("golden", "--record", "--dims", "batch=2", _tiny.Save());
        File.Delete(Recorded.Output());
        ToolRun run = await ToolRun.Of("golden", _tiny.Path);
        Assert.Equal(1, run.Code);
        Assert.Contains("output_0.pb is missing", run.Error);
        File.WriteAllText(Recorded.Output(), "no tensor");
        Assert.Contains("is no tensor that can be read", (await ToolRun.Of("golden", _tiny.Path)).Error);
    }

    [Theory]
    [InlineData(true, "differs from one run to the next")]
    [InlineData(false, "is no tensor")]
    public void What_cannot_be_recorded_is_said_to_be_why(bool isUnstable, string why)
    {
        using ModelUnderTest model = new(_tiny.Save());
        TensorCopy one = new(ElementType.Float, [1], new byte[sizeof(float)]);
        Dictionary<string, OutputDifference> none = [];
        ReferenceCase found = new(new InputCase("made", new Dictionary<string, TensorCopy>()), isUnstable ? new() { ["y"] = one } : new Dictionary<string, TensorCopy>(),
            new Dictionary<string, TensorCopy>(), new Dictionary<string, OwnDifference>(), none, new HashSet<string>(isUnstable ? ["y"] : []));
        RefusedException e = Assert.Throws<RefusedException>(() => GoldenSets.Write(model, _tiny.Path, [found], [], default));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(Path.GetDirectoryName(_tiny.Path)!));
    }

    [Fact]
    public async Task Random_numbers_are_not_recorded()
    {
        _tiny.Model.Graph.Node.Add(TinyModel.Node("RandomUniformLike", ["x"], "z"));
        _tiny.Model.Graph.Output.Add(TinyModel.Value("z", TinyModel.Float, "batch", 4));
        ToolRun run = await ToolRun.Of("golden", "--record", _tiny.Save());
        Assert.Equal(1, run.Code);
        Assert.Contains("RandomUniformLike", run.Error);
        Assert.False(Directory.Exists(Folder));
    }

    [Fact]
    public async Task A_model_with_other_inputs_or_outputs_than_were_recorded_differs()
    {
        GraphProto graph = _tiny.Model.Graph;
        graph.Node.Add(TinyModel.Node("Neg", ["y"], "z"));
        graph.Output.Add(TinyModel.Value("z", TinyModel.Float, "batch", 4));
        Assert.Equal(0, (await ToolRun.Of("golden", "--record", "--dims", "batch=2", _tiny.Save())).Code);
        ModelProto complete = _tiny.Model.Clone();

        graph.Output.RemoveAt(1);
        await Differs("test_data_set_0: the output 'z' is not what was recorded: the model has no such output\n");
        ToolRun validated = await ToolRun.Of("validate", _tiny.Path);
        Assert.Equal(1, validated.Code);
        Assert.Contains("recorded outputs: the output 'z' is not what test_data_set_0 records: the model has no such output", validated.Output);

        graph.MergeFrom(new GraphProto { Output = { TinyModel.Value("other", TinyModel.Float, "batch", 4) } });
        graph.Node[1].Output[0] = "other";
        await Differs("test_data_set_0: the output 'other' is not what was recorded: what was recorded there is called 'z'\n");

        graph.Output[1] = complete.Graph.Output[1];
        graph.Node[1] = complete.Graph.Node[1];
        graph.Input[0].Name = graph.Node[0].Input[0] = "pixels";
        await Differs("test_data_set_0: the input 'pixels' is not what was recorded: what was recorded there is called 'x'\n");

        graph.Input.Clear();
        graph.Node[0].Input[0] = "w";
        graph.Output[0] = TinyModel.Value("y", TinyModel.Float, 4);
        graph.Output[1] = TinyModel.Value("z", TinyModel.Float, 4);
        Assert.Contains("the input 'x' is not what was recorded: the model has no such input\n", (await ToolRun.Of("golden", _tiny.Save())).Output);

        async Task Differs(string message)
        {
            ToolRun run = await ToolRun.Of("golden", _tiny.Save());
            Assert.Equal((1, message), (run.Code, run.Output));
        }
    }

    /// <summary>As bytes: a rounding that falls on the other side moves them by a step.</summary>
    [Fact]
    public async Task A_quantised_output_of_16_bits_may_be_a_step_away()
    {
        GraphProto graph = _tiny.Model.Graph;
        _tiny.Model.OpsetImport[0].Version = 21;
        _tiny.Model.IrVersion = 10;
        TensorProto scale = new() { Name = "scale", DataType = TinyModel.Float, FloatData = { 0.001f } }, zero = new() { Name = "zero", DataType = 5, Int32Data = { 0 } };
        graph.Initializer.Clear();
        graph.Initializer.Add([scale, zero]);
        graph.Node[0] = TinyModel.Node("QuantizeLinear", ["x", "scale", "zero"], "y");
        graph.Output[0] = TinyModel.Value("y", 5, "batch", 4);
        Assert.Equal(0, (await ToolRun.Of("golden", "--record", "--dims", "batch=1", _tiny.Save())).Code);

        TensorProto recorded = TestDataFolder.Read(Recorded.Output());
        await Check(1, 0);
        await Check(2, 1);

        async Task Check(int steps, int code)
        {
            short[] moved = [.. Enumerable.Range(0, 4).Select(i => (short)(BitConverter.ToInt16(recorded.RawData.Span[(2 * i)..]) + steps))];
            TensorProto other = recorded.Clone();
            other.RawData = ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes<short>(moved));
            File.WriteAllBytes(Recorded.Output(), other.ToByteArray());
            Assert.Equal(code, (await ToolRun.Of("golden", _tiny.Path)).Code);
        }
    }
}
