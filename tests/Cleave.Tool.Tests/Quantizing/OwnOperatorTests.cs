using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes.Partitions;
using Cleave.Core.Shapes;
using Cleave.Core.Shapes.Batch;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Quantizing.Search;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>ONNX Runtime's own operators: only where they are allowed; an LSTM in 8 bits, and products that keep rows apart.</summary>
public sealed class OwnOperatorTests : IDisposable
{
    private readonly QuantizeFixture _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("forward", false)]
    [InlineData("bidirectional", false)]
    [InlineData("forward", true)]
    [InlineData("forward", true, true)]
    public void An_LSTM_in_8_bits_is_close_to_that_of_floats(string direction, bool hasState, bool saysLayout = false)
    {
        ModelProto source = Lstm(direction, hasState);
        if (saysLayout)
            source.Graph.Node[0].Attribute.Add(OwnOperators.Number("layout", 0));
        using ModelUnderTest published = new(_files.Save("lstm.onnx", source));
        ModelProto model = FloatModel.Read(published);
        QuantizableOperator found = Assert.Single(OperatorFinder.Find(new ModelEdit(model), static _ => { }, ownOperators: true));
        new DynamicForm(new WeightRounding(7)).Apply(model, [found]);

        TriedModel trial = Trials(published, "T=9,B=3").Run(model);

        Assert.Equal(["DynamicQuantizeLSTM"], model.Graph.Node.Select(static n => n.OpType));
        Assert.InRange(trial.Error.Worst, 1e-6, 0.05);
        // Nothing of the weights of floats is left in the file.
        Assert.All(model.Graph.Initializer.Where(static t => t.DataType == (int)ElementType.Float), static t => Assert.InRange(t.RawData.Length, 1, 4 * 2 * 8 * 32));
    }

    [Fact]
    public async Task An_LSTM_stays_in_floats_where_they_are_not_allowed()
    {
        ToolRun run = await ToolRun.Of("quantize", _files.Save("lstm.onnx", Lstm("forward", hasState: false)), "-o", _files.PathOf("never.onnx"));

        Assert.Equal(1, run.Code);
        Assert.Contains("There is nothing to quantise", run.Error);
        Assert.Contains("ONNX has no LSTM in 8 bits, ONNX Runtime has (--allow-ort-operators)", run.Error);
    }

    [Theory]
    [InlineData(false, 200)]
    [InlineData(true, 256)]
    public void Products_with_packed_weights_keep_rows_apart_and_dynamic_ones_do_not(bool turned, int depth)
    {
        using ModelUnderTest published = new(_files.Save("product.onnx", Product(turned, depth)));
        InputCase together = new InputMaker(published.Graph, new Dictionary<string, double>()).Make(DimensionSample.Parse("B=5"), 3);
        ModelProto blocks = Written(published, new BlockForm(7)), dynamic = Written(published, new DynamicForm(new WeightRounding(7)));

        Assert.InRange(Trials(published, "B=5").Run(blocks).Error.Worst, 1e-6, 0.02);
        Assert.Contains(blocks.Graph.Node, static n => n.OpType == "MatMulNBits");
        Assert.InRange(Apart(published, blocks, together, depth), 0, 1e-6);
        Assert.InRange(Apart(published, dynamic, together, depth), 1e-5, 1);
        Assert.Equal("B", Axis(blocks).Dimension);
        Assert.False(Axis(dynamic).Holds);
    }

    [Fact]
    public async Task A_form_that_keeps_the_batch_axis_is_found_where_it_is_asked_for()
    {
        string model = _files.Save("product.onnx", Product(turned: false, 2048)), target = _files.PathOf("model.int8.onnx");
        string[] quantize = ["quantize", model, "-o", target, "--dims", "B=1", "--max-error", "0.1", "--min-gain", "0", "--json", "--keep-batch"];

        ToolRun none = await ToolRun.Of(quantize);
        JsonElement json = (await ToolRun.Measured([.. quantize, "--allow-ort-operators"])).Json;

        Assert.Equal(1, none.Code);
        Assert.Contains("--keep-batch: no form that keeps rows apart can be tried. Give inputs with --inputs (static ranges), or add --allow-ort-operators", none.Error);
        Assert.Equal("blocks", json.GetProperty("form").GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("batching").ValueKind);
        Assert.Equal("B", BatchAxis.Find(ShapeInference.Infer(ModelReader.ReadFile(target)), ["y"]).Dimension);
    }

    private static BatchProof Axis(ModelProto model)
    {
        using ByteSource bytes = ByteSource.FromBytes(model.ToByteArray());
        return BatchAxis.Find(ShapeInference.Infer(ModelReader.Read(bytes, default)), ["y"]);
    }

    private static ModelProto Written(ModelUnderTest published, IQuantizedForm form)
    {
        ModelProto model = FloatModel.Read(published);
        form.Apply(model, OperatorFinder.Find(new ModelEdit(model), static _ => { }));
        return model;
    }

    private static ModelTrials Trials(ModelUnderTest published, string dims) =>
        new(published, [new InputMaker(published.Graph, new Dictionary<string, double>()).Make(DimensionSample.Parse(dims), 1)], default);

    // How far rows are from what they are alone, as a part of the largest element.
    private static double Apart(ModelUnderTest published, ModelProto model, InputCase together, int depth)
    {
        using SessionChain chain = SessionChain.OfBytes(published, model.ToByteArray(), new SessionRequest(GraphOptimizationLevel.ORT_ENABLE_ALL, 1));
        double[] all = OutputDifference.Numbers(chain.Run(together.Values, ["y"])["y"])!;
        double worst = 0;
        for (int row = 0; row < 5; row++)
        {
            TensorCopy one = new(ElementType.Float, [1, depth], together.Values["x"].Bytes[(row * depth * 4)..((row + 1) * depth * 4)]);
            double[] alone = OutputDifference.Numbers(chain.Run(new Dictionary<string, TensorCopy> { ["x"] = one }, ["y"])["y"])!;
            worst = Math.Max(worst, alone.Select((v, i) => Math.Abs(v - all[(row * alone.Length) + i])).Max());
        }
        return worst / all.Max(Math.Abs);
    }

    private static ModelProto Product(bool turned, int depth)
    {
        const int columns = 96;
        SeededRandom random = new(4);
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "product" } };
        model.Graph.Input.Add(Value("x", "B", depth));
        model.Graph.Output.Add(Value("y", "B", columns));
        model.Graph.Initializer.Add(Floats(random, "w", turned ? [columns, depth] : [depth, columns]));
        if (turned)
        {
            model.Graph.Initializer.Add(Floats(random, "b", [columns]));
            NodeProto gemm = new() { OpType = "Gemm", Name = "product", Input = { "x", "w", "b" }, Output = { "y" } };
            gemm.Attribute.Add(OwnOperators.Number("transB", 1));
            model.Graph.Node.Add(gemm);
        }
        else
        {
            model.Graph.Node.Add(new NodeProto { OpType = "MatMul", Name = "product", Input = { "x", "w" }, Output = { "y" } });
        }
        return model;
    }

    private static ModelProto Lstm(string direction, bool hasState)
    {
        const int units = 32, size = 24;
        int directions = direction == "bidirectional" ? 2 : 1;
        SeededRandom random = new(5);
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "lstm" } };
        GraphProto graph = model.Graph;
        graph.Input.Add(Value("x", "T", "B", size));
        graph.Output.Add([Value("y", "T", directions, "B", units), Value("c", directions, "B", units)]);
        graph.Initializer.Add([Floats(random, "w", [directions, 4 * units, size]), Floats(random, "r", [directions, 4 * units, units]), Floats(random, "bias", [directions, 8 * units])]);
        NodeProto node = new() { OpType = "LSTM", Name = "lstm", Input = { "x", "w", "r", "bias" }, Output = { "y", "", "c" } };
        if (hasState)
        {
            graph.Input.Add([Value("h0", directions, "B", units), Value("c0", directions, "B", units)]);
            node.Input.Add(["", "h0", "c0"]);
        }
        node.Attribute.Add([OwnOperators.Number("hidden_size", units), new AttributeProto { Name = "direction", Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(direction) }]);
        graph.Node.Add(node);
        return model;
    }

    private static TensorProto Floats(SeededRandom random, string name, long[] dims) =>
        FloatTensors.Make(name, dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, static (a, b) => a * b)).Select(_ => (float)(random.Fraction() - 0.5) / 2)]);

    private static ValueInfoProto Value(string name, params object[] dims)
    {
        TensorShapeProto shape = new();
        shape.Dim.AddRange(dims.Select(static d => d is string named
            ? new TensorShapeProto.Types.Dimension { DimParam = named }
            : new TensorShapeProto.Types.Dimension { DimValue = Convert.ToInt64(d, System.Globalization.CultureInfo.InvariantCulture) }));
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)ElementType.Float, Shape = shape } } };
    }
}
