using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>Too little memory or time while a model is prepared says nothing of the model: no entry says "not preparable" for it, as one does where the model refuses every request.</summary>
public sealed class PassingTroubleTests
{
    private const int Width = 64;

    [Fact]
    public void Without_memory_for_any_request_nothing_is_written_and_it_is_tried_another_time()
    {
        using PreparedModel model = new(Hungry("length"));
        for (int attempt = 0; attempt < Attempts.Most; attempt++)
        {
            List<string> steps = [];
            PreparedSegment refused = Assert.Single(model.Prepare(isAsked: false, at: steps.Add));
            Assert.Contains("alloc", refused.WhyNot);
            Assert.False(refused.IsNew);
            Assert.Contains("folder made", steps);
            Assert.Empty(model.Entries);
        }
        // By itself no more; a person may ask.
        Assert.Contains("two attempts failed", Assert.Single(model.Prepare(isAsked: false)).WhyNot);
        Assert.Contains("alloc", Assert.Single(model.Prepare()).WhyNot);
    }

    [Fact]
    public void A_model_that_refuses_every_request_is_not_tried_again()
    {
        using PreparedModel model = new(Refusing());
        PreparedSegment refused = Assert.Single(model.Prepare(isAsked: false));
        Assert.Contains("it runs with no input that was made up: ", refused.WhyNot);
        Assert.True(refused.IsNew);
        List<string> steps = [];
        Assert.Equal(refused.WhyNot, Assert.Single(model.Prepare(isAsked: false, at: steps.Add)).WhyNot);
        Assert.Empty(steps);
        Assert.Single(model.Entries);
    }

    [Fact]
    public void Sizes_for_which_there_is_no_memory_are_passed_over_where_others_run()
    {
        // From four rows on it takes more than there is.
        using PreparedModel model = new(HungryFrom(rows: 4));
        Assert.Null(Assert.Single(model.Prepare()).WhyNot);
        Assert.Equal([1, Width], Assert.Single(PreparedManifest.Read(File.ReadAllBytes(model.Manifest)).Probe.Inputs).Shape);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_the_prepared_session_fails_at_is_kept_only_where_it_is_not_for_lack_of_memory(bool memory)
    {
        using PreparedModel model = new(Plain());
        // As if the optimised graph took more, or could not be run.
        byte[] other = (memory ? Hungry(1) : Refusing(1)).ToByteArray();

        PreparedSegment refused = Assert.Single(model.Prepare(at: step =>
        {
            if (step == "weights written")
                File.WriteAllBytes(Path.Combine(Directory.GetDirectories(model.Folder, EntryWriter.TemporaryPrefix + "*").Single(), PreparedManifest.GraphFile), other);
        }));

        Assert.Equal(!memory, refused.IsNew);
        Assert.Contains(memory ? "alloc" : "Gather", refused.WhyNot);
        Assert.Equal(memory ? 0 : 1, model.Entries.Length);
        Assert.Equal(memory, Assert.Single(model.Prepare()).WhyNot is null);
    }

    [Fact]
    public async Task A_request_that_does_not_end_is_ended_and_nothing_is_written()
    {
        using PreparedModel model = new(Endless());
        RunnerOptions hasty = new() { ProbeLimit = TimeSpan.FromMilliseconds(200) };
        PreparedSegment refused = Assert.Single(await Task.Run(() => model.Prepare(hasty)).WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal("a request that was made up took longer than 00:00:00.2000000", refused.WhyNot);
        Assert.Empty(model.Entries);
    }

    [Fact]
    public void What_passes_is_told_by_its_kind_and_by_what_it_was_caused_by()
    {
        Assert.All(new Exception[] { new OutOfMemoryException(), new IOException(), new TimeoutException(), new OperationCanceledException() }, static e =>
        {
            Assert.True(PassingTrouble.Is(e));
            Assert.True(PassingTrouble.Is(new CleaveException(Rules.SessionFailed, e, "model.onnx", "Whole", e.Message)));
        });
        Assert.All(new Exception[] { new InvalidOperationException(), new ArgumentException("bad_alloc"), new NotPreparableException("no memory") }, static e => Assert.False(PassingTrouble.Is(e)));
    }

    private static ModelProto Plain() => Model([Node("MatMul", ["x", "w"], ["y"])], 1);

    // More than there are addresses.
    private static ModelProto Hungry(object length) => Model(
        [Node("MatMul", ["x", "w"], ["a"]), Node("ReduceMax", ["x"], ["m"]), Node("Expand", ["m", "many"], ["e"]), Node("ReduceMax", ["e"], ["s"]), Node("Add", ["a", "s"], ["y"])],
        length, Longs("many", [2], 1 << 25, 1 << 25));

    // The same, where it has so many rows; else a few elements.
    private static ModelProto HungryFrom(int rows) => Model(
        [
            Node("MatMul", ["x", "w"], ["a"]), Node("ReduceMax", ["x"], ["m"]), Node("Shape", ["x"], ["shape"]), Node("Gather", ["shape", "first"], ["length"]),
            Node("Div", ["length", "rows"], ["times"]), Node("Mul", ["times", "many"], ["more"]), Node("Add", ["more", "one"], ["sizes"]),
            Node("Expand", ["m", "sizes"], ["e"]), Node("ReduceMax", ["e"], ["s"]), Node("Add", ["a", "s"], ["y"]),
        ],
        "length", Longs("first", [1], 0), Longs("rows", [1], rows), Longs("many", [2], 1 << 25, 1 << 25), Longs("one", [1], 1));

    // It looks for a column that is not there, which shows only when it runs.
    private static ModelProto Refusing(object? length = null) => Model(
        [
            Node("MatMul", ["x", "w"], ["a"]), Node("Mul", ["x", "zero"], ["none"]), Node("ReduceMax", ["none"], ["first"]), Node("Cast", ["first"], ["index"], Int("to", (int)ElementType.Int64)),
            Node("Add", ["index", "hundred"], ["far"]), Node("Gather", ["a", "far"], ["g"], Int("axis", 1)), Node("ReduceMax", ["g"], ["s"], Int("keepdims", 0)), Node("Add", ["a", "s"], ["y"]),
        ],
        length ?? "length", Floats("zero", [], 0), Longs("hundred", [], 100));

    private static ModelProto Endless()
    {
        GraphProto body = new()
        {
            Name = "body",
            Input = { Tensor("round", ElementType.Int64), Tensor("go", ElementType.Bool), Tensor("v", ElementType.Float, 1, Width) },
            Output = { Tensor("again", ElementType.Bool), Tensor("u", ElementType.Float, 1, Width) },
            Node = { Node("Identity", ["go"], ["again"]), Node("Tanh", ["v"], ["u"]) },
        };
        return Model([Node("MatMul", ["x", "w"], ["a"]), Node("Loop", ["rounds", "", "a"], ["y"], Graph("body", body))], 1, Longs("rounds", [], long.MaxValue));
    }

    private static ModelProto Model(NodeProto[] nodes, object length, params TensorProto[] more) => Support.Onnx.Model(
        [Tensor("x", ElementType.Float, length, Width)], [Tensor("y", ElementType.Float, length, Width)], nodes, [Floats("w", [Width, Width], Random(Width * Width, 1)), .. more]);
}
