using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.Tool.Commands;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Verification;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>A processor with AVX2 and without VNNI adds two products of bytes in 16 bits: weights of 7 bits fit, those of 8 do not.</summary>
public sealed class Avx2Tests : IDisposable
{
    private const int Width = 256;
    private const int Steps = 4;

    private readonly QuantizeFixture _files = new();

    public void Dispose() => _files.Dispose();

    [SkippableFact]
    public async Task Weights_of_7_bits_err_as_stated_there_and_those_of_8_saturate()
    {
        Skip.IfNot(EmulatedProcessor.IsThere, EmulatedProcessor.WhyAbsent);
        string floats = _files.Save("floats.onnx", Largest()), inputs = _files.Inputs("inputs", [1, Width], 2, scale: 1);
        double here = Worst((await ToolRun.Of(Arguments(Written(floats, 7)))).Output), seven = There(Arguments(Written(floats, 7))), eight = There(Arguments(Written(floats, 8)));

        Assert.InRange(here, 1e-6, 0.02);
        Assert.InRange(seven, 0, 1.1 * here);
        // Half of each sum is lost.
        Assert.InRange(eight, 0.1, 1);

        string[] Arguments(string bytes) => ["verify", bytes, "--against", floats, "--inputs", inputs, "--max-error", "1", "--json"];
    }

    [SkippableTheory]
    [InlineData("static")]
    [InlineData("blocks")]
    public async Task Other_forms_of_7_bits_err_as_stated_there_too(string form)
    {
        Skip.IfNot(EmulatedProcessor.IsThere, EmulatedProcessor.WhyAbsent);
        string floats = _files.Save("floats.onnx", Largest()), inputs = _files.Inputs("inputs", [1, Width], 2, scale: 1);
        string[] verify = ["verify", Written(floats, 7, form, inputs), "--against", floats, "--inputs", inputs, "--max-error", "1", "--json"];
        double here = Worst((await ToolRun.Of(verify)).Output);

        Assert.InRange(here, 1e-6, 0.02);
        Assert.InRange(There(verify), 0, 1.1 * here);
    }

    [SkippableTheory]
    [InlineData("forward")]
    [InlineData("bidirectional")]
    public async Task An_LSTM_of_7_bits_errs_as_stated_there_too(string direction)
    {
        Skip.IfNot(EmulatedProcessor.IsThere, EmulatedProcessor.WhyAbsent);
        string floats = _files.Save("floats.onnx", LargestLstm(direction)), inputs = _files.Inputs("inputs", [Steps, 1, Width], 2, scale: 1);
        string[] verify = ["verify", Written(floats, 7), "--against", floats, "--inputs", inputs, "--max-error", "1", "--json"];
        double here = Worst((await ToolRun.Of(verify)).Output);

        Assert.InRange(here, 1e-6, 0.02);
        Assert.InRange(There(verify), 0, 1.1 * here);
    }

    private static double There(string[] arguments)
    {
        (int code, string output, string errors) = EmulatedProcessor.Run(EmulatedProcessor.Avx2, EmulatedProcessor.DotNet, [typeof(CleaveCommand).Assembly.Location, .. arguments]);
        Assert.True(code == 0, errors);
        return Worst(output);
    }

    private static double Worst(string json) => JsonDocument.Parse(json).RootElement.GetProperty("error").GetProperty("worst").GetDouble();

    private string Written(string floats, int bits, string form = "dynamic", string? inputs = null)
    {
        using ModelUnderTest published = new(floats);
        ModelProto model = FloatModel.Read(published);
        WeightRounding rounding = new(bits);
        IQuantizedForm written = form switch
        {
            "static" => new StaticForm(rounding, Tool.Quantizing.Calibration.Of(published, model, Read(published, inputs!), onlyShapes: false).Ranges(RangeMethod.MinMax), RangeMethod.MinMax),
            "blocks" => new BlockForm(bits),
            _ => new DynamicForm(rounding),
        };
        written.Apply(model, OperatorFinder.Find(new ModelEdit(model), static _ => { }, ownOperators: true));
        return _files.Save($"bits{bits}.onnx", model);
    }

    private static IReadOnlyList<InputCase> Read(ModelUnderTest published, string inputs) =>
        InputFolders.Read([inputs], new InputMaker(published.Graph, new Dictionary<string, double>()).Inputs);

    // All weights as large as the largest of their channel: every product is.
    private static ModelProto Largest()
    {
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "largest" } };
        model.Graph.Input.Add(Tests.TinyModel.Value("x", Tests.TinyModel.Float, 1, Width));
        model.Graph.Output.Add(Tests.TinyModel.Value("y", Tests.TinyModel.Float, 1, Width));
        model.Graph.Node.Add(Tests.TinyModel.Node("MatMul", ["x", "w"], "y"));
        model.Graph.Initializer.Add(FloatTensors.Make("w", [Width, Width], [.. Enumerable.Range(0, Width * Width).Select(static i => 0.25f + (i % Width * 0.001f))]));
        return model;
    }

    // The same, and small enough that no gate is open or shut whatever it gets.
    private static ModelProto LargestLstm(string direction)
    {
        const int units = 64;
        int directions = direction == "bidirectional" ? 2 : 1;
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "largest_lstm" } };
        model.Graph.Input.Add(Tests.TinyModel.Value("x", Tests.TinyModel.Float, Steps, 1, Width));
        model.Graph.Output.Add(Tests.TinyModel.Value("y", Tests.TinyModel.Float, Steps, directions, 1, units));
        NodeProto node = Tests.TinyModel.Node("LSTM", ["x", "w", "r"], "y");
        node.Attribute.Add([OwnOperators.Number("hidden_size", units), new AttributeProto { Name = "direction", Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(direction) }]);
        model.Graph.Node.Add(node);
        model.Graph.Initializer.Add([Weights("w", Width), Weights("r", units)]);
        return model;

        TensorProto Weights(string name, int columns) => FloatTensors.Make(
            name, [directions, 4 * units, columns], [.. Enumerable.Range(0, directions * 4 * units * columns).Select(i => 0.005f + (i / columns % 7 * 0.001f))]);
    }
}
