using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit.Generation;
using Google.Protobuf;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>Generated code and runtime agree on the order of dimensions, shapes and inputs.</summary>
public sealed class RunningTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), "cleave-" + Guid.NewGuid().ToString("N") + ".onnx");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task Named_and_unnamed_dimensions_a_scalar_and_awkward_names()
    {
        // The two matrices name their dimensions in opposite orders.
        GeneratedModel model = Write(
            [Value("other", "b", "a"), Value("input", "a", "b", null), Value("scale")],
            [Value("output", "a", "b", null), Value("rows", "b", "a")],
            Node("Mul", ["input", "scale"], "output"),
            Node("Mul", ["other", "scale"], "rows"));
        Dictionary<string, TensorData> inputs = new()
        {
            ["other"] = new(new float[] { 1, 2, 3, 4, 5, 6 }, [2, 3]),
            ["input"] = new(Enumerable.Range(0, 24).Select(i => (float)i).ToArray(), [3, 2, 4]),
            ["scale"] = new(new[] { 2f }, []),
        };
        await using GeneratedRunner runner = model.CreateRunner();
        Check(runner.Run(inputs));
        Check(await runner.RunAsync(inputs));

        using GeneratedCall call = runner.CreateCall(inputs.ToDictionary(i => i.Key, i => i.Value.Shape));
        foreach ((string name, TensorData data) in inputs)
            call.SetInput(name, data.Data);
        call.Run();
        Check(model.Outputs.ToDictionary(o => o, call.Output));

        static void Check(IReadOnlyDictionary<string, TensorData> outputs)
        {
            Assert.Equal([3, 2, 4], outputs["output"].Shape);
            Assert.Equal(Enumerable.Range(0, 24).Select(i => 2f * i), outputs["output"].As<float>());
            Assert.Equal([2, 3], outputs["rows"].Shape);
            Assert.Equal([2, 4, 6, 8, 10, 12], outputs["rows"].As<float>());
        }
    }

    [Fact]
    public void Inputs_of_unknown_rank()
    {
        GeneratedModel model = Write(
            [AnyShape("x"), Value("y", "n")], [AnyShape("twice"), Value("z", "n")], Node("Add", ["x", "x"], "twice"), Node("Neg", ["y"], "z"));
        using GeneratedRunner runner = model.CreateRunner();
        foreach (int[] shape in new int[][] { [2, 3], [6], [1, 2, 1, 3] })
        {
            IReadOnlyDictionary<string, TensorData> outputs = runner.Run(new Dictionary<string, TensorData>
            {
                ["x"] = new(new float[] { 1, 2, 3, 4, 5, 6 }, shape),
                ["y"] = new(new float[] { 1 }, [1]),
            });
            Assert.Equal(shape, outputs["twice"].Shape);
            Assert.Equal([2, 4, 6, 8, 10, 12], outputs["twice"].As<float>());
            Assert.Equal([-1], outputs["z"].As<float>());
        }
    }

    /// <summary>Null would pass for the shape of a scalar.</summary>
    [Fact]
    public void An_input_of_unknown_rank_has_a_shape()
    {
        GeneratedModel model = Write([AnyShape("x")], [AnyShape("twice")], Node("Add", ["x", "x"], "twice"));
        using GeneratedRunner runner = model.CreateRunner();
        Dictionary<string, TensorData> input = new() { ["x"] = new(new float[] { 1 }, null!) };
        Assert.Equal("input.XShape", Assert.Throws<ArgumentNullException>(() => runner.Run(input)).ParamName);
        Assert.Equal("xShape", Assert.Throws<ArgumentNullException>(() => runner.CreateCall(new Dictionary<string, int[]> { ["x"] = null! })).ParamName);
        input["x"] = new(new float[] { 1 }, [1, -1]);
        Assert.Equal("input.XShape", Assert.Throws<ArgumentOutOfRangeException>(() => runner.Run(input)).ParamName);
        input["x"] = new(new float[] { 1 }, []);
        Assert.Equal([2], runner.Run(input)["twice"].As<float>());
    }

    /// <summary>A fake must not hide what a real runner would not forgive.</summary>
    [Fact]
    public void An_output_made_from_arrays_is_over_when_it_is_disposed()
    {
        GeneratedModel model = Write([Value("x", 2)], [Value("y", 2), Value("z", 2)], Node("Neg", ["x"], "y"), Node("Abs", ["x"], "z"));
        using GeneratedRunner runner = model.CreateRunner();
        Type type = runner.Runner.GetType().Assembly.GetTypes().Single(t => t.Name.EndsWith("Output", StringComparison.Ordinal));
        OutputTensor<float> given = new([1, 2], 2);
        IDisposable Make()
        {
            IDisposable made = (IDisposable)Activator.CreateInstance(type)!;
            type.GetProperty("Y")!.SetValue(made, given);
            return made;
        }
        OutputTensor<float> Read(IDisposable made, string name) => (OutputTensor<float>)type.GetProperty(name)!.GetValue(made)!;

        IDisposable one = Make(), two = Make();
        OutputTensor<float> kept = Read(one, "Y");
        Assert.Equal([1, 2], kept.ToArray());
        Assert.Equal("This output was never set.", Assert.Throws<InvalidOperationException>(() => Read(one, "Z").Length).Message);
        one.Dispose();
        one.Dispose();
        Assert.Contains(type.Name, Assert.Throws<ObjectDisposedException>(() => kept[0]).Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => Read(one, "Y").Shape.Length);
        // One array may stand in many outputs.
        Assert.Equal([1, 2], Read(two, "Y").ToArray());
        Assert.Equal([1, 2], given.ToArray());
    }

    [Fact]
    public void A_model_without_inputs()
    {
        NodeProto constant = new() { OpType = "Constant", Output = { "c" } };
        constant.Attribute.Add(new AttributeProto { Name = "value_floats", Type = AttributeProto.Types.AttributeType.Floats, Floats = { 1, 2, 3 } });
        GeneratedModel model = Write([], [Value("y", 3)], constant, Node("Neg", ["c"], "y"));
        using GeneratedRunner runner = model.CreateRunner();
        Assert.Equal([-1, -2, -3], runner.Run(new Dictionary<string, TensorData>())["y"].As<float>());
    }

    private GeneratedModel Write(ValueInfoProto[] inputs, ValueInfoProto[] outputs, params NodeProto[] nodes)
    {
        ModelProto model = new()
        {
            IrVersion = 8,
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
            Graph = new GraphProto { Name = "g", Input = { inputs }, Output = { outputs }, Node = { nodes } },
        };
        File.WriteAllBytes(_file, model.ToByteArray());
        return GeneratedModel.FromFile(_file);
    }

    private static NodeProto Node(string op, string[] inputs, string output) => new() { OpType = op, Input = { inputs }, Output = { output } };

    private static ValueInfoProto AnyShape(string name) =>
        new() { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1 } } };

    private static ValueInfoProto Value(string name, params object?[] dims)
    {
        ValueInfoProto value = AnyShape(name);
        value.Type.TensorType.Shape = new TensorShapeProto();
        foreach (object? dim in dims)
        {
            value.Type.TensorType.Shape.Dim.Add(dim switch
            {
                int size => new TensorShapeProto.Types.Dimension { DimValue = size },
                string symbol => new TensorShapeProto.Types.Dimension { DimParam = symbol },
                _ => new TensorShapeProto.Types.Dimension(),
            });
        }
        return value;
    }
}
