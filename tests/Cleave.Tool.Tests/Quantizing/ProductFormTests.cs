using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Quantizing.Ranges;
using Cleave.Tool.Quantizing.Search;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Xunit;
using static Cleave.Tool.Tests.TinyModel;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>Products of matrices in each form: scales lie along the right axis, weights that others read stay right for them, and what is not fused is found.</summary>
public sealed class ProductFormTests : IDisposable
{
    private const int Width = 64;

    private readonly QuantizeFixture _files = new();

    public void Dispose() => _files.Dispose();

    public static TheoryData<string, string> Products => new()
    {
        { "MatMul", "static" }, { "Gemm", "static" }, { "Gemm turned", "static" },
        { "MatMul", "dynamic" }, { "Gemm", "dynamic" }, { "Gemm turned", "dynamic" },
        { "MatMul", "blocks" }, { "Gemm", "blocks" }, { "Gemm turned", "blocks" },
    };

    // Channels of very unequal sizes: along the other axis a scale of the large ones leaves nothing of the small ones.
    [Theory]
    [MemberData(nameof(Products))]
    public void Each_output_channel_has_its_own_scale(string type, string form)
    {
        const int columns = 96;
        bool turned = type.EndsWith("turned", StringComparison.Ordinal);
        ModelProto model = Empty();
        model.Graph.Input.Add(Value("x", Float, 8, Width));
        model.Graph.Output.Add([Value("small", Float, 8, columns / 2), Value("large", Float, 8, columns / 2)]);
        model.Graph.Initializer.Add(Weights("w", turned ? [columns, Width] : [Width, columns], i => (turned ? i / Width : i % columns) < columns / 2 ? 0.001f : 1));
        NodeProto product = Node(type.Split(' ')[0], ["x", "w"], "y");
        if (turned)
            product.Attribute.Add(OwnOperators.Number("transB", 1));
        NodeProto halves = Node("Split", ["y"], "small");
        halves.Output.Add("large");
        halves.Attribute.Add(OwnOperators.Number("axis", 1));
        model.Graph.Node.Add([product, halves]);
        model.OpsetImport[0].Version = 13;

        Assert.InRange(Error(model, form), 1e-6, 0.03);
    }

    [Theory]
    [InlineData("static")]
    [InlineData("dynamic")]
    [InlineData("blocks")]
    public void Weights_that_several_read_are_right_for_all_of_them(string form)
    {
        ModelProto model = Empty();
        model.Graph.Input.Add(Value("x", Float, 8, Width));
        model.Graph.Output.Add([Value("a", Float, 8, Width), Value("b", Float, 8, Width), Value("c", Float, 8, Width), Value("rows", Float, 2, Width)]);
        model.Graph.Initializer.Add(Weights("w", [Width, Width], static i => ((i % Width) + 1f) / Width));
        model.Graph.Initializer.Add(new TensorProto { Name = "which", DataType = (int)ElementType.Int64, Dims = { 2 }, Int64Data = { 3, 5 } });
        NodeProto turned = Node("Gemm", ["x", "w"], "c");
        turned.Attribute.Add(OwnOperators.Number("transB", 1));
        // Along both axes, twice along one, and as a table.
        model.Graph.Node.Add([Node("MatMul", ["x", "w"], "a"), Node("Neg", ["x"], "n"), Node("MatMul", ["n", "w"], "b"), turned, Node("Gather", ["w", "which"], "rows")]);

        ModelProto written = Written(model, form, out double error);

        Assert.InRange(error, 1e-6, 0.03);
        Assert.Contains(written.Graph.Initializer, static t => t.Name == "w" && t.DataType == Float);
    }

    [Theory]
    [InlineData("node", new[] { "node" })]
    [InlineData("node_nchwc", new[] { "node_nchwc", "node" })]
    [InlineData("fused node_nchwc", new[] { "fused node_nchwc", "node_nchwc", "node" })]
    [InlineData("fused a/b/MatMulAddFusion", new[] { "fused a/b/MatMulAddFusion", "a/b/MatMulAddFusion", "a/b" })]
    public void An_operator_is_known_by_the_names_that_ONNX_Runtime_gives_it(string name, string[] expected) => Assert.Equal(expected, FusionCheck.Names(name));

    // Zeros and scales that are results, not constants: nothing is made of such a product.
    [Fact]
    public void An_operator_that_stands_alone_is_found()
    {
        ModelProto model = Empty();
        model.Graph.Input.Add(Value("x", Float, 8, Width));
        model.Graph.Output.Add([Value("a", Float, 8, Width), Value("b", Float, 8, Width)]);
        model.Graph.Initializer.Add([Weights("w0", [Width, Width], static _ => 1), Weights("w1", [Width, Width], static _ => 1)]);
        model.Graph.Node.Add([Named("first", Node("MatMul", ["x", "w0"], "a")), Named("second", Node("MatMul", ["x", "w1"], "b"))]);
        using ModelUnderTest published = new(_files.Save("model.onnx", model));
        ModelProto written = FloatModel.Read(published);
        IReadOnlyList<QuantizableOperator> found = OperatorFinder.Find(new ModelEdit(written), static _ => { });
        new DynamicForm(new WeightRounding(7)).Apply(written, found);
        Assert.Empty(FusionCheck.Find(published, written, found));

        // The sum of bytes itself is an output of the second.
        NodeProto product = written.Graph.Node.Single(static n => n.Name == "second");
        written.Graph.Output.Add(Value(product.Output[0], (int)ElementType.Int32, 8, Width));

        Assert.Equal(["second"], FusionCheck.Find(published, written, found).Select(static f => f.Node));
    }

    [Fact]
    public void The_ranges_with_the_least_error_are_taken()
    {
        ModelProto model = Empty();
        model.Graph.Input.Add(Value("x", Float, 256, Width));
        model.Graph.Output.Add(Value("y", Float, 256, Width));
        model.Graph.Initializer.Add(Weights("w", [Width, Width], static _ => 1));
        model.Graph.Node.Add(Node("MatMul", ["x", "w"], "y"));
        using ModelUnderTest published = new(_files.Save("model.onnx", model));
        ModelProto floats = FloatModel.Read(published);
        string folder = _files.Inputs("inputs", [256, Width], 2);
        // An outlier, which the methods treat each in its own way.
        string first = Path.Combine(folder, "0.npy");
        byte[] array = File.ReadAllBytes(first);
        BitConverter.TryWriteBytes(array.AsSpan(array.Length - sizeof(float)), 20f);
        File.WriteAllBytes(first, array);
        InputCase[] inputs = [.. InputFolders.Read([folder], new InputMaker(published.Graph, new Dictionary<string, double>()).Inputs)];
        ModelTrials trials = new(published, inputs, default);
        ObservedValues calibration = ObservedValues.Of(published, floats, inputs, onlyShapes: false);
        IReadOnlyList<QuantizableOperator> found = OperatorFinder.Find(new ModelEdit(floats), static _ => { });
        WeightRounding rounding = new(7);
        PrecisionSearch search = new(published, floats, trials, trials, form => new OperatorTimes(published, floats, calibration.Shapes, form).Of, static (_, _) => { });

        StaticForm best = new StaticRanges(search, calibration, rounding, trials, static (_, _) => { }).Best(found);

        Dictionary<RangeMethod, double> errors = Enum.GetValues<RangeMethod>().ToDictionary(static m => m, m => trials.Run(search.Written(new StaticForm(rounding, calibration.Ranges(m), m), found)).Error.Worst);
        Assert.True(errors.Values.Distinct().Count() > 1);
        Assert.Equal(errors.Values.Min(), errors[best.Method]);
    }

    private double Error(ModelProto source, string form)
    {
        Written(source, form, out double error);
        return error;
    }

    private ModelProto Written(ModelProto source, string form, out double error)
    {
        using ModelUnderTest published = new(_files.Save("model.onnx", source));
        ModelProto model = FloatModel.Read(published);
        InputCase[] inputs = [.. InputFolders.Read([_files.Inputs("inputs", [8, Width], 2)], new InputMaker(published.Graph, new Dictionary<string, double>()).Inputs)];
        IReadOnlyList<QuantizableOperator> found = OperatorFinder.Find(new ModelEdit(model), static _ => { });
        Assert.NotEmpty(found);
        WeightRounding rounding = new(7);
        IQuantizedForm written = form switch
        {
            "static" => new StaticForm(rounding, ObservedValues.Of(published, model, inputs, onlyShapes: false).Ranges(RangeMethod.MinMax), RangeMethod.MinMax),
            "dynamic" => new DynamicForm(rounding),
            _ => new BlockForm(7),
        };
        written.Apply(model, found);
        error = new ModelTrials(published, inputs, default).Run(model).Error.Worst;
        return model;
    }

    private static ModelProto Empty() => new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "products" } };

    private static NodeProto Named(string name, NodeProto node)
    {
        node.Name = name;
        return node;
    }

    private static TensorProto Weights(string name, long[] dims, Func<int, float> scale)
    {
        SeededRandom random = new(6);
        return FloatTensors.Make(name, dims, [.. Enumerable.Range(0, (int)(dims[0] * dims[1])).Select(i => (float)(random.Fraction() - 0.4) * scale(i))]);
    }
}
