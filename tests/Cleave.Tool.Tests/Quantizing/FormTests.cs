using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Synthetic;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Quantizing.Ranges;
using Cleave.Tool.Quantizing.Search;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>What the forms write is what ONNX Runtime makes one operator of, and close to what it was.</summary>
public sealed class FormTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Between_two_operators_everything_stays_in_bytes_and_a_Relu_vanishes()
    {
        (string[] operators, double error) = Static(Convolutional.Residual(blocks: 2, channels: 32, side: 16), RangeMethod.MinMax);

        Assert.Equal(5, operators.Count(static o => o == "QLinearConv"));
        Assert.Equal(2, operators.Count(static o => o == "QLinearAdd"));
        Assert.DoesNotContain("Relu", operators);
        Assert.DoesNotContain("Conv", operators);
        // In at the beginning, out at the end.
        Assert.Single(operators, static o => o == "QuantizeLinear");
        Assert.InRange(error, 1e-6, 0.1);
    }

    [SkippableTheory]
    [InlineData("light_squeezenet_random")]
    [InlineData("light_shufflenet_random")]
    [InlineData("ultraface_slim_320")]
    public void Published_networks_are_written_and_stay_close(string name)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        CatalogModel model = ModelCatalog.Get(name);

        (string[] operators, double error) = Static(ModelProto.Parser.ParseFrom(File.ReadAllBytes(model.Write(_folder.Path))), RangeMethod.MinMax);

        Assert.DoesNotContain("Conv", operators);
        Assert.InRange(error, 1e-6, 0.5);
    }

    /// <summary>Trained networks have channels that a norm behind them has switched off: weights of next to nothing, and a bias.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1e-9f)]
    [InlineData(1e-30f)]
    public void The_bias_of_a_dead_channel_is_kept(float weight)
    {
        ModelProto model = Convolutional.Residual(blocks: 1, channels: 32, side: 16);
        NodeProto first = model.Graph.Node.First(static n => n.OpType == "Conv");
        int weights = model.Graph.Initializer.IndexOf(model.Graph.Initializer.Single(i => i.Name == first.Input[1])), bias = model.Graph.Initializer.IndexOf(model.Graph.Initializer.Single(i => i.Name == first.Input[2]));
        float[] values = FloatTensors.Read(model.Graph.Initializer[weights]), shifts = FloatTensors.Read(model.Graph.Initializer[bias]);
        int each = values.Length / shifts.Length;
        for (int channel = 0; channel < shifts.Length; channel += 2)
        {
            Array.Fill(values, weight, channel * each, each);
            shifts[channel] = 0.3f + (channel * 0.01f);
        }
        model.Graph.Initializer[weights] = FloatTensors.Make(first.Input[1], [.. model.Graph.Initializer[weights].Dims], values);
        model.Graph.Initializer[bias] = FloatTensors.Make(first.Input[2], [shifts.Length], shifts);

        Assert.InRange(Static(model, RangeMethod.MinMax).Error, 1e-6, 0.05);
    }

    [Fact]
    public void Weights_that_several_operators_share_are_written_once()
    {
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "shared" } };
        model.Graph.Initializer.Add(FloatTensors.Make("w", [32, 32, 3, 3], [.. Enumerable.Range(0, 32 * 32 * 9).Select(static i => ((i % 7) - 3) / 50f)]));
        foreach (string level in new[] { "a", "b" })
        {
            model.Graph.Input.Add(Tests.TinyModel.Value(level, Tests.TinyModel.Float, 1, 32, 8, 8));
            model.Graph.Output.Add(Tests.TinyModel.Value(level + "_y", Tests.TinyModel.Float, 1, 32, 6, 6));
            model.Graph.Node.Add(Tests.TinyModel.Node("Conv", [level, "w"], level + "_y"));
        }

        (string[] operators, double error) = Static(model, RangeMethod.MinMax);

        Assert.Equal(2, operators.Count(static o => o == "QLinearConv"));
        Assert.InRange(error, 1e-6, 0.1);
        GraphProto written = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(_folder.Path, "int8.onnx"))).Graph;
        Assert.Single(written.Initializer, static t => t.Dims.Count == 4);
    }

    [Fact]
    public void A_model_that_gives_back_an_input_is_calibrated()
    {
        ModelProto model = Convolutional.Residual(blocks: 1, channels: 32, side: 16);
        model.Graph.Output.Add(model.Graph.Input[0].Clone());

        Assert.InRange(Static(model, RangeMethod.MinMax).Error, 1e-6, 0.1);
    }

    [Fact]
    public void Products_that_read_the_same_value_round_it_once()
    {
        ModelProto model = Ready(ModelCatalog.Get("bert_tiny").Write(_folder.Path), out ModelUnderTest published);
        using (published)
        {
            IReadOnlyList<QuantizableOperator> found = OperatorFinder.Find(new ModelEdit(model), static _ => { });
            new DynamicForm(new WeightRounding(7)).Apply(model, found);

            Assert.Equal(found.Select(static f => f.Input).Distinct().Count(), model.Graph.Node.Count(static n => n.OpType == "DynamicQuantizeLinear"));
            Assert.Equal(found.Count, model.Graph.Node.Count(static n => n.OpType == "MatMulInteger"));
            Assert.Empty(FusionCheck.Find(published, model, found));
        }
    }

    [Fact]
    public void A_Gemm_of_turned_weights_and_a_bias_is_the_same_product()
    {
        ModelBuilder g = new("gemm");
        g.Output("y", g.Gemm(g.Input("x", "batch", 64), "layer", 64, 48), "batch", 48);
        string path = Path.Combine(_folder.Path, "gemm.onnx");
        File.WriteAllBytes(path, g.ToModel().ToByteArray());
        ModelProto model = Ready(path, out ModelUnderTest published);
        using (published)
        {
            InputCase[] inputs = [new InputMaker(published.Graph, new Dictionary<string, double>()).Make(DimensionSample.Parse("batch=3"), 1)];
            new DynamicForm(new WeightRounding(7)).Apply(model, OperatorFinder.Find(new ModelEdit(model), static _ => { }));

            Assert.Contains(model.Graph.Node, static n => n.OpType == "MatMulInteger");
            Assert.InRange(new ModelTrials(published, inputs, default).Run(model).Error.Worst, 1e-6, 0.02);
        }
    }

    private (string[] Operators, double Error) Static(ModelProto source, RangeMethod method)
    {
        string path = Path.Combine(_folder.Path, "model.onnx"), written = Path.Combine(_folder.Path, "int8.onnx"), optimised = Path.Combine(_folder.Path, "optimised.onnx");
        File.WriteAllBytes(path, source.ToByteArray());
        ModelProto model = Ready(path, out ModelUnderTest published);
        using (published)
        {
            InputSets inputs = InputSets.Random(published, new QuantizeOptions { Model = path, Output = written });
            ObservedValues calibration = ObservedValues.Of(published, model, inputs.Search, onlyShapes: false);
            IReadOnlyList<QuantizableOperator> found = OperatorFinder.Find(new ModelEdit(model), static _ => { });
            new StaticForm(new WeightRounding(7), calibration.Ranges(method), method).Apply(model, found);
            File.WriteAllBytes(written, model.ToByteArray());
            using (SessionOptions options = new() { OptimizedModelFilePath = optimised, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR })
                new InferenceSession(written, options).Dispose();
            return ([.. ModelReader.ReadFile(optimised).Graph.Nodes.Select(static n => n.OpType)], new ModelTrials(published, inputs.Search, default).Run(model).Error.Worst);
        }
    }

    private static ModelProto Ready(string path, out ModelUnderTest published)
    {
        published = new ModelUnderTest(path);
        return FloatModel.Read(published);
    }
}
