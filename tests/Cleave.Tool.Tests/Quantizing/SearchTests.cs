using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
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

/// <summary>What is stated of a choice is what its own model gives, whatever was tried before it. Times are made up.</summary>
public sealed class SearchTests : IDisposable
{
    private const int Rows = 8;
    private const int Width = 64;
    private const float Outlier = 1000;

    private readonly QuantizeFixture _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Operators_that_go_back_to_floats_on_other_inputs_take_their_error_with_them()
    {
        using ModelUnderTest published = new(_files.Save("model.onnx", Products("steady", "fragile")));
        Parts parts = Of(published);
        ModelTrials others = new(published, [Input(9, Outlier)], default);
        DynamicForm form = new(new WeightRounding(7));
        QuantizableOperator[] both = [.. parts.Found.OrderByDescending(static f => f.Node)];
        ModelProto model = parts.Search.Written(form, both);
        SearchResult found = new(form, [.. both.Select(static o => new OperatorChoice(o, 0.01, 2, 1, null))], both, model, parts.Trials.Run(model), []);

        HeldOutProof proof = HeldOutProof.Of(parts.Search, found, parts.Trials, others, 0.1), loose = HeldOutProof.Of(parts.Search, found, parts.Trials, others, 2);

        Assert.True(proof.WasChosenOn);
        Assert.Equal(["steady"], proof.Result.Chosen.Select(static c => c.Node));
        Assert.Equal([null, "the error on other inputs was too large"], proof.Result.Operators.Select(static o => o.WhyNot));
        AssertOwn(proof.Result, parts.Trials);
        Assert.NotEqual(found.Trial!.Error, proof.Result.Trial!.Error);
        Assert.Equal(others.Run(proof.Result.Model!).Error, proof.HeldOut);
        // Where nothing goes back, it is what was found.
        Assert.False(loose.WasChosenOn);
        Assert.Same(found, loose.Result);
        Assert.Equal(others.Run(model).Error, loose.HeldOut);
        // Where none is within the budget, it is the one with the least error.
        Assert.Equal(["steady"], HeldOutProof.Of(parts.Search, found, parts.Trials, others, 1e-9).Result.Chosen.Select(static c => c.Node));
    }

    [Fact]
    public void A_single_operator_of_less_error_is_tried_where_the_first_has_too_much()
    {
        using ModelUnderTest published = new(_files.Save("model.onnx", Products("steady", "fragile")));
        Parts parts = Of(published);
        ModelTrials others = new(published, [Input(9, Outlier)], default);
        DynamicForm form = new(new WeightRounding(7));
        // The fragile one first: it saves more time for its error on the search's inputs.
        QuantizableOperator[] both = [.. parts.Found.OrderBy(static f => f.Node)];
        ModelProto model = parts.Search.Written(form, both);
        SearchResult found = new(form, [.. both.Select(static o => new OperatorChoice(o, o.Node == "steady" ? 0.01 : 0.02, 2, 1, null))], both, model, parts.Trials.Run(model), []);

        HeldOutProof proof = HeldOutProof.Of(parts.Search, found, parts.Trials, others, 0.1);

        Assert.Equal(["steady"], proof.Result.Chosen.Select(static c => c.Node));
        Assert.True(proof.Worst <= 0.1);
        // Every trial is a point.
        Assert.Equal([1, 1], proof.Result.Curve.Select(static c => c.Operators));
    }

    [Fact]
    public void Where_the_fastest_form_fails_on_other_inputs_the_next_one_is_taken()
    {
        using ModelUnderTest published = new(_files.Save("model.onnx", Products("steady", "fragile")));
        Parts parts = Of(published);
        ModelTrials others = new(published, [Input(9, Outlier)], default);
        QuantizableOperator steady = parts.Found.Single(static f => f.Node == "steady"), fragile = parts.Found.Single(static f => f.Node == "fragile");
        SearchResult fast = Found(fragile, 1), slow = Found(steady, 2), slower = Found(steady, 3);

        HeldOutProof proof = HeldOutProof.Fastest(parts.Search, [slower, slow, fast], parts.Trials, others, 0.1);

        Assert.Same(slow.Form, proof.Result.Form);
        Assert.True(proof.Worst <= 0.1);
        Assert.True(proof.WasChosenOn);
        Assert.False(HeldOutProof.Fastest(parts.Search, [slower, slow], parts.Trials, others, 0.1).WasChosenOn);
        Assert.True(HeldOutProof.Fastest(parts.Search, [fast], parts.Trials, others, 0.1).Worst > 0.1);
        // Where none is within the budget, the one with the least error says how far they are from it.
        Assert.Same(slow.Form, HeldOutProof.Fastest(parts.Search, [fast, slow], parts.Trials, others, 1e-9).Result.Form);

        SearchResult Found(QuantizableOperator one, double time)
        {
            DynamicForm form = new(new WeightRounding(7));
            ModelProto model = parts.Search.Written(form, [one]);
            return new SearchResult(form, [new OperatorChoice(one, 0.01, 2, 1, null)], [one], model, parts.Trials.Run(model) with { Nanoseconds = time }, []);
        }
    }

    [Fact]
    public void Whatever_fits_the_budget_the_stated_error_is_that_of_the_chosen_operators()
    {
        using ModelUnderTest published = new(_files.Save("model.onnx", Products("a", "b", "c", "d", "e")));
        Parts parts = Of(published);
        DynamicForm form = new(new WeightRounding(7));
        SearchResult all = parts.Search.Run(form, parts.Found, 1);
        Assert.Equal(5, all.Chosen.Count);

        HashSet<int> counts = [];
        for (int step = 1; step <= 20; step++)
        {
            SearchResult some = parts.Search.Run(form, parts.Found, all.Trial!.Error.Worst * step / 20);
            counts.Add(some.Chosen.Count);
            if (some.Chosen.Count > 0)
                AssertOwn(some, parts.Trials);
        }

        // Some budgets leave some of them out.
        Assert.True(counts.Count > 1, string.Join(' ', counts));
    }

    [Fact]
    public void Operators_that_the_whole_is_faster_without_are_not_in_its_error()
    {
        using ModelUnderTest published = new(_files.Save("model.onnx", Products("a", "b", "c")));
        double next = 1e9;
        // Each trial is faster than the one before; alone no operator gains anything.
        Parts parts = Of(published, bytes: 1, time: (_, _) => next /= 2);
        WeightRounding rounding = new(7);
        ObservedValues calibration = ObservedValues.Of(published, parts.Floats, Inputs, onlyShapes: false);

        SearchResult found = parts.Search.Run(new StaticForm(rounding, calibration.Ranges(RangeMethod.MinMax), RangeMethod.MinMax), parts.Found, 1);

        Assert.Single(found.Chosen);
        Assert.Equal(2, found.Operators.Count(static o => o.WhyNot == "the whole is faster so"));
        AssertOwn(found, parts.Trials);
        // Of floats, of all, and without one more each time.
        Assert.Equal([0, 3, 2, 1], found.Curve.Select(static c => c.Operators));
    }

    private static InputCase[] Inputs => [Input(1, 0), Input(2, 0)];

    private static void AssertOwn(SearchResult result, ModelTrials trials)
    {
        Assert.Equal(trials.Run(result.Model!).Error, result.Trial!.Error);
        // One float weight is left for each operator that is not in 8 bits.
        Assert.Equal(
            result.Operators.Where(static o => o.WhyNot != null).Select(static o => o.Operator.Weight).Order(StringComparer.Ordinal),
            result.Model!.Graph.Initializer.Where(static t => t.DataType == Float && t.Dims.Count == 2).Select(static t => t.Name).Order(StringComparer.Ordinal));
    }

    private static Parts Of(ModelUnderTest published, double bytes = 0.5, Func<SessionChain, InputCase, double>? time = null)
    {
        ModelProto floats = FloatModel.Read(published);
        ModelTrials trials = new(published, Inputs, default, time ?? (static (_, _) => 1));
        return new Parts(floats, OperatorFinder.Find(new ModelEdit(floats), static _ => { }), trials, new PrecisionSearch(published, floats, trials, trials, _ => _ => (1, bytes), static (_, _) => { }));
    }

    private static InputCase Input(ulong seed, float first)
    {
        SeededRandom random = new(seed);
        float[] values = [.. Enumerable.Range(0, Rows * Width).Select(i => (float)random.Fraction() + (i % Width == 0 ? first : 0))];
        return new InputCase("made", new Dictionary<string, TensorCopy> { ["x"] = new(ElementType.Float, [Rows, Width], MemoryMarshal.AsBytes(values.AsSpan()).ToArray()) });
    }

    // A product for each name, which all read the same. One called fragile does not look at the first column: what lies there leaves no bytes for the others.
    private static ModelProto Products(params string[] names)
    {
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "products" } };
        model.Graph.Input.Add(Value("x", Float, Rows, Width));
        SeededRandom random = new(4);
        foreach (string name in names)
        {
            model.Graph.Output.Add(Value(name + "_y", Float, Rows, Width));
            model.Graph.Initializer.Add(FloatTensors.Make(
                name + "_w", [Width, Width], [.. Enumerable.Range(0, Width * Width).Select(i => i < Width && name == "fragile" ? 0 : (float)Math.Pow(random.Fraction() - 0.4, 3))]));
            NodeProto product = Node("MatMul", ["x", name + "_w"], name + "_y");
            product.Name = name;
            model.Graph.Node.Add(product);
        }
        return model;
    }

    private sealed record Parts(ModelProto Floats, IReadOnlyList<QuantizableOperator> Found, ModelTrials Trials, PrecisionSearch Search);
}
