using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Placement;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Placement;

/// <summary>What the planner is given of a model, and the text of profiles.</summary>
public sealed class PlacementModelTests
{
    private const string Text = """
        cleave-accelerator 1
        name slow
        source made up
        # for people
        kernel 3000
        arithmetic 1000
        bandwidth 100
        cache 1000000
        cache-bandwidth 1000
        step-kernels 2
        to-device 10000 10
        to-host 20000 5
        launch 1000
        memory 1000000000
        """;

    [Fact]
    public void Weights_values_and_times_are_those_of_the_model()
    {
        PlacementProblem problem = Problem(new TestKit.Synthetic.Recurrent("LSTM", 2, 128, 64).Stacked());
        // Two layers: input weights, recurrent weights and biases of four gates; beside them constants of some bytes.
        double layer = 4 * 128 * 4 * (128 + 128 + 2);
        // And of each layer what cuDNN has of it.
        Assert.InRange(problem.WeightBytes.Sum(), 4 * layer, (4 * layer) + 1000);
        PlacementUnit[] layers = [.. problem.Units.Where(u => u.Weights.Sum(w => problem.WeightBytes[w]) > 100_000)];
        Assert.Equal(2, layers.Length);
        Assert.All(layers, u => Assert.InRange(u.Weights.Sum(w => problem.WeightBytes[w]), 2 * layer, (2 * layer) + 1000));
        Assert.All(layers, u => Assert.Equal(64 * 4 * 128 * 4, u.Workspace));
        // 64 steps of two kernels, and one for the inputs; the products beside them are small.
        Assert.All(layers, u => Assert.InRange(u.Times[^1], 65 * 2 * 3000 - 3000, 64 * 2 * 3000 + 3000 + 64 * 128 * 512 / 1000 + 10_000));
        Assert.Equal(64 * 128 * 4, problem.Values.Where(v => v.Producer >= 0).Max(v => v.Bytes));
        Assert.Contains(problem.Values, v => v.Producer < 0 && v.Bytes == 64 * 128 * 4);
        Assert.Equal(2, problem.Values.Count(v => v.IsOutput));
    }

    [Fact]
    public void What_the_provider_lacks_and_arithmetic_on_shapes_stay_on_the_cpu()
    {
        ModelProto model = new TestKit.Synthetic.Recurrent("GRU", 1, 16, 8).Stacked();
        model.Graph.Node.Add(new NodeProto { OpType = "Det", Name = "d", Input = { "output" }, Output = { "lacking" } });
        model.Graph.Output.Add(Make.Value("lacking", 1));
        PlacementProblem problem = Problem(model);
        Assert.Contains(problem.Units, u => double.IsPositiveInfinity(u.Times[^1]));
        PlacementPlan plan = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency));
        for (int unit = 0; unit < problem.Units.Count; unit++)
            Assert.True(problem.CanRun(unit, plan.DeviceOnly.Place[unit]));
    }

    [Theory]
    [InlineData("GRU", true, "linear_before_reset=1")]
    [InlineData("GRU", false, "linear_before_reset=0")]
    [InlineData("GRU", false, "-linear_before_reset")]
    [InlineData("GRU", false, "clip=1.5")]
    [InlineData("GRU", true, "activations=sigmoid Tanh")]
    [InlineData("GRU", false, "activations=Tanh Tanh")]
    [InlineData("LSTM", true, "")]
    [InlineData("LSTM", true, "input_forget=0")]
    [InlineData("LSTM", false, "input_forget=1")]
    [InlineData("LSTM", false, "clip=1.5")]
    [InlineData("LSTM", false, "activation_alpha=0.1")]
    [InlineData("LSTM", false, "activation_beta=0.1")]
    [InlineData("LSTM", true, "activations=Sigmoid Tanh Tanh")]
    [InlineData("LSTM", false, "activations=Sigmoid Tanh Relu")]
    [InlineData("LSTM", false, "peepholes")]
    [InlineData("RNN", true, "")]
    [InlineData("RNN", false, "activations=Relu")]
    public void Recurrent_layers_that_cudnn_lacks_stay_on_the_cpu(string cell, bool canRun, string change)
    {
        ModelProto model = new TestKit.Synthetic.Recurrent(cell, 1, 16, 8).Stacked();
        NodeProto layer = model.Graph.Node.Single(n => n.OpType == cell);
        string[] parts = change.Split('=');
        if (change.StartsWith('-'))
            layer.Attribute.Remove(layer.Attribute.Single(a => a.Name == change[1..]));
        else if (parts.Length == 2)
        {
            foreach (AttributeProto present in layer.Attribute.Where(a => a.Name == parts[0]).ToArray())
                layer.Attribute.Remove(present);
            layer.Attribute.Add(Attribute(parts[0], parts[1]));
        }
        else if (change == "peepholes")
        {
            layer.Input.Add("peepholes");
            model.Graph.Initializer.Add(Make.Floats("peepholes", [1, 3 * 16], new float[3 * 16]));
        }
        PlanGraph graph = Graph(model);
        FusionGroup group = graph.Groups.Single(g => g.Nodes.Any(n => graph.Nodes[n].OpType == cell));
        Assert.Equal(canRun, CudaOperators.CanRun(graph, group));
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(true, "pads", 1, 1)]
    [InlineData(false, "pads", 0, 1)]
    [InlineData(true, "VALID")]
    [InlineData(false, "SAME_UPPER")]
    [InlineData(false, "SAME_LOWER")]
    public void Transposed_convolutions_with_uneven_padding_stay_on_the_cpu(bool canRun, string padding, params int[] pads)
    {
        AttributeProto[] attributes = padding switch
        {
            "" => [],
            "pads" => [Make.Ints("pads", [.. pads.Select(p => (long)p)])],
            _ => [Make.Text("auto_pad", padding)],
        };
        Assert.Equal(canRun, CanRun(Make.Node("ConvTranspose", ["x", "w"], ["y"], attributes), [1, 2, 8]));
    }

    [Theory]
    [InlineData(true, "ArgMax", 0)]
    [InlineData(false, "ArgMax", 1)]
    [InlineData(false, "ArgMin", 1)]
    public void The_last_of_equal_places_is_found_on_the_cpu(bool canRun, string operation, long last) =>
        Assert.Equal(canRun, CanRun(Make.Node(operation, ["x"], ["y"], Make.Int("select_last_index", last)), [1, 2, 8]));

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 8)]
    public void Text_becomes_numbers_on_the_cpu(bool canRun, int element) =>
        Assert.Equal(canRun, CanRun(Make.Node("Cast", ["x"], ["y"], Make.Int("to", 7)), [1, 2, 8], element));

    [Theory]
    [InlineData(true, "MaxPool", 1, 21)]
    [InlineData(false, "MaxPool", 1, 22)]
    [InlineData(true, "GlobalAveragePool", 1, 22)]
    [InlineData(true, "Relu", 1, 22)]
    [InlineData(false, "Relu", 6, 22)]
    [InlineData(false, "ReduceMean", 7, 17)]
    [InlineData(false, "MatMulInteger", 2, 17)]
    [InlineData(true, "MatMulInteger", 3, 17)]
    public void What_there_is_no_kernel_for_stays_on_the_cpu(bool canRun, string operation, int element, int operatorSet)
    {
        AttributeProto[] attributes = operation == "MaxPool" ? [Make.Ints("kernel_shape", 2, 2)] : [];
        Assert.Equal(canRun, CanRun(Make.Node(operation, operation == "MatMulInteger" ? ["x", "x"] : ["x"], ["y"], attributes), [1, 2, 8, 8], element, operatorSet));
    }

    // Of the only node of a model.
    private static bool CanRun(NodeProto node, long[] shape, int element = 1, int operatorSet = 17)
    {
        GraphProto graph = new() { Name = "one", Node = { node }, Input = { Make.Typed("x", element, shape) }, Output = { new ValueInfoProto { Name = "y" } } };
        if (node.Input.Contains("w"))
            graph.Initializer.Add(Make.Floats("w", [2, 2, 3], new float[12]));
        PlanGraph plan = Graph(Make.Model(graph, opset: operatorSet));
        return CudaOperators.CanRun(plan, plan.Groups.Single(g => g.Nodes.Any(n => plan.Nodes[n].OpType == node.OpType)));
    }

    private static AttributeProto Attribute(string name, string value)
    {
        AttributeProto attribute = new() { Name = name };
        if (name == "activations")
        {
            attribute.Type = AttributeProto.Types.AttributeType.Strings;
            attribute.Strings.AddRange(value.Split(' ').Select(ByteString.CopyFromUtf8));
        }
        else if (name is "activation_alpha" or "activation_beta")
        {
            attribute.Type = AttributeProto.Types.AttributeType.Floats;
            attribute.Floats.Add(float.Parse(value, CultureInfo.InvariantCulture));
        }
        else if (name == "clip")
        {
            attribute.Type = AttributeProto.Types.AttributeType.Float;
            attribute.F = float.Parse(value, CultureInfo.InvariantCulture);
        }
        else
        {
            attribute.Type = AttributeProto.Types.AttributeType.Int;
            attribute.I = long.Parse(value, CultureInfo.InvariantCulture);
        }
        return attribute;
    }

    [Theory]
    [InlineData("LSTM", 4)]
    [InlineData("GRU", 3)]
    [InlineData("RNN", 1)]
    public void A_recurrent_layer_has_the_gates_of_its_kind(string cell, int gates)
    {
        PlacementProblem problem = Problem(new TestKit.Synthetic.Recurrent(cell, 1, 128, 64).Stacked());
        Assert.Equal(64 * gates * 128 * 4, problem.Units.Max(u => u.Workspace));
    }

    [Fact]
    public void A_longer_copy_keeps_more_on_one_side()
    {
        PlacementProblem problem = Problem(new TestKit.Synthetic.Recurrent("LSTM", 2, 256, 64).Bidirectional());
        PlacementPlan near = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency));
        PlacementProblem far = new(problem.Processors, problem.Units, problem.Values, problem.WeightBytes, problem.Transfers with { ToDeviceLatency = 1e9, ToHostLatency = 1e9 });
        Assert.True(PlacementPlanner.Plan(far, new PlacementRequest(PlacementObjective.Latency)).Chosen.IsHostOnly(far));
        Assert.True(near.Chosen.Makespan <= near.DeviceOnly.Makespan);
    }

    [Theory]
    [InlineData("300000000", false)]
    [InlineData("1000000000", true)]
    public void A_plan_fits_the_memory_that_the_accelerator_has(string memory, bool isAll)
    {
        // Two layers of 2,048: 134 MB of weights each, which are there twice.
        PlanGraph graph = Graph(new TestKit.Synthetic.Recurrent("LSTM", 2, 2048, 64).Stacked());
        AcceleratorProfile accelerator = Read(Text.Replace("1000000000", memory, StringComparison.Ordinal));
        PlacedRun? run = PlacedPlanner.Plan(
            new SizedGraph(graph, static _ => 1), new CostModel(DeviceTables.Baked), accelerator, new PlacementRequest(PlacementObjective.Latency), lanes: 1, out _, out string why);
        Assert.True(run != null, why);
        Assert.True(run.DeviceBytes <= accelerator.Memory, $"{run.DeviceBytes} bytes on {accelerator.Memory}");
        Assert.Equal(isAll, run.DeviceBytes > 4 * 134e6);
        Assert.True(run.DeviceBytes > 2 * 134e6);
    }

    [Theory]
    [InlineData(0.750)]
    [InlineData(0.875)]
    [InlineData(0.900)]
    public void A_plan_that_fits_the_memory_there_is_need_not_fit_what_was_asked_for_in_its_stead(double part)
    {
        // When a plan runs, values that it has on both sides at different times take more than its peak: plans for a little less memory are asked for.
        SizedGraph graph = new(Graph(new TestKit.Synthetic.Recurrent("GRU", 8, 256, 64).Stacked()), static _ => 1);
        PlacedRun? Run(double memory) => PlacedPlanner.Plan(
            graph, new CostModel(DeviceTables.Baked), Read(Text), new PlacementRequest(PlacementObjective.Latency, MemoryLimit: memory), lanes: 1, out _, out _);

        double limit = Run(double.PositiveInfinity)!.DeviceBytes * part;
        // A layer more or less is an eighth of all.
        Assert.InRange(Run(limit)!.DeviceBytes, limit * 0.85, limit);
    }

    [Fact]
    public void Where_nothing_fits_the_accelerator_it_is_said()
    {
        PlanGraph graph = Graph(new TestKit.Synthetic.Recurrent("LSTM", 2, 2048, 64).Stacked());
        AcceleratorProfile accelerator = Read(Text.Replace("1000000000", "1000000", StringComparison.Ordinal));
        Assert.Null(PlacedPlanner.Plan(
            new SizedGraph(graph, static _ => 1), new CostModel(DeviceTables.Baked), accelerator, new PlacementRequest(PlacementObjective.Latency), lanes: 1, out _, out string why));
        Assert.Contains("nothing better was found that fits the memory", why);
    }

    [Theory]
    [InlineData("Identity", true)]
    [InlineData("Cast", true)]
    [InlineData("Dropout", true)]
    [InlineData("Constant", false)]
    [InlineData("", false)]
    public void An_output_that_does_nothing_is_no_reason_against_an_accelerator(string last, bool isPlaced)
    {
        ModelProto model = new TestKit.Synthetic.Recurrent("LSTM", 2, 1024, 64).Stacked();
        if (last.Length == 0)
            model.Graph.Output.Add(model.Graph.Input[0].Clone());
        else
        {
            model.Graph.Node.Add(last switch
            {
                "Cast" => Make.Node("Cast", ["output"], ["also"], Make.Int("to", 1)),
                "Constant" => Make.Constant("also", Make.Floats("", [1], 1)),
                _ => Make.Node(last, ["output"], ["also"]),
            });
            model.Graph.Output.Add(new ValueInfoProto { Name = "also" });
        }
        PlacedRun? run = PlacedPlanner.Plan(
            new SizedGraph(Graph(model), static _ => 1), new CostModel(DeviceTables.Baked), Read(Text), new PlacementRequest(PlacementObjective.Latency), lanes: 1, out _, out string why);
        Assert.Equal(isPlaced, run != null);
        Assert.Equal(isPlaced ? "" : "an output of it is an input, or a constant", why);
    }

    [Theory]
    [InlineData("cleave-accelerator 1", "cleave-accelerator 2", "line 1")]
    [InlineData("kernel 3000", "kernel minus", "line 5")]
    [InlineData("kernel 3000", "kernle 3000", "line 5")]
    [InlineData("kernel 3000", "name again", "line 5")]
    [InlineData("launch 1000", "# nothing", "\"launch\"")]
    [InlineData("to-host 20000 5", "to-host 20000", "line 12")]
    public void A_profile_that_cannot_be_read_is_refused_with_its_line(string good, string bad, string expected)
    {
        FormatException e = Assert.Throws<FormatException>(() => Read(Text.ReplaceLineEndings("\n").Replace(good + "\n", bad + "\n", StringComparison.Ordinal)));
        Assert.Contains(expected, e.Message);
    }

    [Fact]
    public void The_committed_profiles_can_be_read_and_say_where_they_come_from()
    {
        string[] files = Directory.GetFiles(Path.Combine(TestKit.SharedModels.Repository, "benchmarks", "placement", "profiles"), "*.txt");
        Assert.Equal(2, files.Length);
        Assert.All(files, f => Assert.Contains("not measured", Read(File.ReadAllText(f)).Source));
    }

    private static AcceleratorProfile Read(string text) => AcceleratorProfileText.Read(new StringReader(text));

    private static PlanGraph Graph(ModelProto model)
    {
        byte[] bytes = model.ToByteArray();
        return PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(ByteSource.FromBytes(bytes, 0, bytes.Length), CancellationToken.None)));
    }

    private static PlacementProblem Problem(ModelProto model)
    {
        PlanGraph graph = Graph(model);
        return PlacementModel.Of(PlanUnits.Of(graph), new SizedGraph(graph, static _ => 1), new CostModel(DeviceTables.Baked), Read(Text));
    }
}
