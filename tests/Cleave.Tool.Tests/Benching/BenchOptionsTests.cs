using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Tool.Benching;
using Cleave.Tool.Running;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Benching;

public sealed class BenchOptionsTests
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void Numbers_are_sorted_and_each_counts_once() => Assert.Equal([1, 2, 8], BenchOptions.Counts("--threads", "8,1,2,1")!);

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("1,two")]
    [InlineData("-1")]
    [InlineData("99999999999")]
    public void What_is_no_number_of_threads_is_refused(string text)
    {
        RefusedException error = Assert.Throws<RefusedException>(() => BenchOptions.Counts("--threads", text));
        Assert.Contains("--threads", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_are_given_by_names_that_may_hold_an_equals_sign()
    {
        IReadOnlyDictionary<string, string> pairs = BenchOptions.Sizes(["batch=2,x[1]=3", "a=b=4"]);

        Assert.Equal(["a=b:4", "batch:2", "x[1]:3"], pairs.Select(p => p.Key + ":" + p.Value).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("batch")]
    [InlineData("=3")]
    [InlineData("batch=")]
    [InlineData("batch=two")]
    [InlineData("batch=1,batch=2")]
    public void What_names_no_size_is_refused(string text) =>
        Assert.Throws<RefusedException>(() => BenchOptions.Sizes([text]));

    /// <summary>The same in all commands.</summary>
    [Fact]
    public void Numbers_of_inputs_are_divided_by_commas_that_names_may_have_too()
    {
        Assert.Equal(["a,b:2.5", "sr:16000", "x=y:-1"], InputFills.Parse(["sr=16000,a,b=2.5", "x=y=-1"]).Select(static p => FormattableString.Invariant($"{p.Key}:{p.Value}")).Order(StringComparer.Ordinal));
        Assert.Empty(InputFills.Parse([]));
    }

    [Theory]
    [InlineData("sr")]
    [InlineData("sr=")]
    [InlineData("=1")]
    [InlineData("sr=16000,mode")]
    [InlineData("sr=fast")]
    [InlineData("sr=1,sr=2")]
    public void What_is_no_number_of_an_input_is_refused(string text) => Assert.StartsWith("--input", Assert.Throws<RefusedException>(() => InputFills.Parse([text])).Message);

    [Fact]
    public void Workers_are_told_the_same_sizes()
    {
        BenchOptions options = new(BenchOptions.Sizes(["batch=2"]), BenchOptions.Numbers(["sr=16000", "a,b=2"]), [1], [1], null, false);

        (IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills) = BenchOptions.ReadInputs(options.InputArguments);

        Assert.Equal("2", dims["batch"]);
        Assert.Equal("16000", fills["sr"]);
        Assert.Equal("2", fills["a,b"]);
    }

    [Theory]
    [InlineData(1, "1")]
    [InlineData(2, "1,2")]
    [InlineData(6, "1,2,3,4,5,6")]
    [InlineData(12, "1,2,4,8,12")]
    [InlineData(64, "1,2,4,8,16,32,64")]
    public void Threads_go_up_to_the_cores(int cores, string threads) => Assert.Equal(threads, string.Join(',', BenchOptions.DefaultThreads(cores)));

    [Fact]
    public void The_list_holds_every_way_to_spin_the_parallel_mode_and_several_callers()
    {
        string[] list = [.. OrtConfiguration.List([1, 2], [1, 2]).Select(c => c.Callers + ": " + c.Name)];

        Assert.Equal(
        [
            "1: 1 thread", "1: 2 threads", "1: 2 threads, no spinning", "1: 2 threads, force_spinning_stop", "1: ORT_PARALLEL, 2 threads",
            "2: 1 thread", "2: 2 threads", "2: 2 threads, no spinning", "2: 2 threads, force_spinning_stop", "2: ORT_PARALLEL, 2 threads",
        ], list);
        Assert.All(OrtConfiguration.List([1, 2], [1, 2]), c => Assert.Equal(c, OrtConfiguration.Parse(c.ToArguments())));
    }

    [Fact]
    public void Inputs_are_the_same_each_time_and_open_dimensions_are_one_unless_given()
    {
        OnnxModel model = Model("batch", 3, null);

        RequestInputs first = RequestInputs.For(model, None, None);
        RequestInputs given = RequestInputs.For(model, Sizes("batch=2,x[2]=4"), None);

        Assert.Equal(first.Inputs[0].Bytes, RequestInputs.For(model, None, None).Inputs[0].Bytes);
        Assert.Equal([1, 3, 1], first.Inputs[0].Shape);
        Assert.Equal([2, 3, 4], given.Inputs[0].Shape);
        Assert.Equal(["batch = 2 True", "x[2] = 4 True"], given.Dimensions.Select(d => $"{d.Name} = {d.Size} {d.Given}"));
        Assert.Equal(24, given.Inputs[0].Count);
        Assert.All(MemoryMarshal.Cast<byte, float>(given.Inputs[0].Bytes).ToArray(), v => Assert.InRange(v, -1f, 1f));
    }

    [Fact]
    public void An_input_can_be_filled_with_a_number()
    {
        RequestInputs inputs = RequestInputs.For(Model(4), None, new Dictionary<string, string> { ["x"] = "2.5" });

        Assert.Equal([2.5f, 2.5f, 2.5f, 2.5f], MemoryMarshal.Cast<byte, float>(inputs.Inputs[0].Bytes).ToArray());
    }

    [Fact]
    public void A_name_that_the_model_does_not_know_is_refused_with_those_it_knows()
    {
        RefusedException error = Assert.Throws<RefusedException>(() => RequestInputs.For(Model("batch", 3), Sizes("bach=2"), None));

        Assert.Equal("--dims bach: the model leaves no dimension of that name open; it leaves open batch.", error.Message);
        Assert.Throws<RefusedException>(() => RequestInputs.For(Model(3), None, new Dictionary<string, string> { ["y"] = "1" }));
    }

    private static IReadOnlyDictionary<string, string> Sizes(string text) => BenchOptions.Sizes([text]);

    private static OnnxModel Model(params object?[] shape)
    {
        using TinyModel tiny = new();
        tiny.Model.Graph.Input[0] = TinyModel.Value("x", TinyModel.Float, shape);
        return ModelReader.Read(ByteSource.FromBytes(tiny.Model.ToByteArray()), CancellationToken.None);
    }
}
