using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Quantizing.Ranges;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>
/// What <c>cleave verify</c> finds here and on an emulated processor with AVX2 alone. An emulated process takes many
/// seconds to start, so that one makes all the calls.
/// </summary>
public sealed class Avx2Errors : IAsyncLifetime
{
    /// <summary>What the process is started with, before the file of the calls.</summary>
    internal const string Verb = "verify-each";

    internal const string Dynamic = "dynamic";

    /// <summary>Dynamic too.</summary>
    internal const string EightBits = "8 bits";

    private const int Width = 256;
    private const int Steps = 4;

    private readonly QuantizeFixture _files = new();
    private readonly Dictionary<string, double> _here = [];
    private Dictionary<string, double> _there = [];

    public async Task InitializeAsync()
    {
        if (!EmulatedProcessor.IsThere)
            return;
        string largest = _files.Save("floats.onnx", Largest()), inputs = _files.Inputs("inputs", [1, Width], 2, scale: 1);
        Dictionary<string, string[]> calls = new()
        {
            [Dynamic] = Verify(Written(largest, 7), largest, inputs),
            [EightBits] = Verify(Written(largest, 8), largest, inputs),
            ["static"] = Verify(Written(largest, 7, "static", inputs), largest, inputs),
            ["blocks"] = Verify(Written(largest, 7, "blocks"), largest, inputs),
        };
        string steps = _files.Inputs("steps", [Steps, 1, Width], 2, scale: 1);
        foreach (string direction in new[] { "forward", "bidirectional" })
        {
            string lstm = _files.Save(direction + ".onnx", LargestLstm(direction));
            calls["LSTM " + direction] = Verify(Written(lstm, 7), lstm, steps);
        }
        foreach ((string form, string[] call) in calls)
            _here[form] = Worst((await ToolRun.Of(call)).Output);

        string file = _files.PathOf("calls.json");
        File.WriteAllText(file, JsonSerializer.Serialize(calls));
        (int code, string output, string errors) = EmulatedProcessor.Run(EmulatedProcessor.Avx2, EmulatedProcessor.DotNet, [typeof(Avx2Errors).Assembly.Location, Verb, file]);
        Assert.True(code == 0, errors);
        _there = JsonSerializer.Deserialize<Dictionary<string, double>>(output)!;
    }

    public Task DisposeAsync()
    {
        _files.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>The worst error on this machine's processor.</summary>
    internal double Here(string form) => _here[form];

    /// <summary>The worst error on the emulated one.</summary>
    internal double There(string form) => _there[form];

    /// <summary>What the emulated process does.</summary>
    internal static async Task ServeAsync(string calls, TextWriter output)
    {
        Dictionary<string, double> errors = [];
        foreach ((string form, string[] call) in JsonSerializer.Deserialize<Dictionary<string, string[]>>(File.ReadAllText(calls))!)
        {
            ToolRun run = await ToolRun.Of(call);
            errors[form] = run.Code == 0 ? Worst(run.Output) : throw new InvalidOperationException(form + ": " + run.Error);
        }
        output.WriteLine(JsonSerializer.Serialize(errors));
    }

    private static string[] Verify(string bytes, string floats, string inputs) =>
        ["verify", bytes, "--against", floats, "--inputs", inputs, "--max-error", "1", "--json"];

    private static double Worst(string json) => JsonDocument.Parse(json).RootElement.GetProperty("error").GetProperty("worst").GetDouble();

    private string Written(string floats, int bits, string form = Dynamic, string? inputs = null)
    {
        using ModelUnderTest published = new(floats);
        ModelProto model = FloatModel.Read(published);
        WeightRounding rounding = new(bits);
        IQuantizedForm written = form switch
        {
            "static" => new StaticForm(rounding, ObservedValues.Of(published, model, Read(published, inputs!), onlyShapes: false).Ranges(RangeMethod.MinMax), RangeMethod.MinMax),
            "blocks" => new BlockForm(bits),
            _ => new DynamicForm(rounding),
        };
        written.Apply(model, OperatorFinder.Find(new ModelEdit(model), static _ => { }, ownOperators: true));
        return _files.Save($"{Path.GetFileNameWithoutExtension(floats)}.{form}{bits}.onnx", model);
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
