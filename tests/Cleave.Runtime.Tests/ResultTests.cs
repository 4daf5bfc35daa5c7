using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>What comes out is what the model says, for every kind of input and output, through each way in.</summary>
public sealed class ResultTests
{
    [Fact]
    public async Task Static_shapes_through_every_way_in()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Times(3));
        float[] x = [1, 2, 3, 4];
        for (int i = 0; i < 3; i++)
        {
            using LooseOutput output = runner.Run((ref b) => b.Copy<float>(0, x));
            Assert.Equal([3f, 6, 9, 12], output.Get<float>(0).ToArray());
            Assert.Equal([4], output.Get<float>(0).Shape.ToArray());
            using LooseOutput later = await runner.RunAsync((ref b) => b.Copy<float>(0, x));
            Assert.Equal([3f, 6, 9, 12], later.Get<float>(0).ToArray());
        }
        using LooseCall call = runner.CreateCall((ref _) => { });
        for (int i = 1; i < 4; i++)
        {
            call.In<float>(0).Fill(i);
            call.Run();
            Assert.Equal(3f * i, call.Out<float>(0)[3]);
        }
        Assert.True(call.Buffers.OutputsAreBound);
    }

    [Fact]
    public void Named_dimensions_and_a_scalar()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Bert());
        foreach ((int batch, int sequence) in new[] { (2, 3), (1, 1), (0, 5), (2, 3), (4, 2) })
        {
            long[] ids = [.. Enumerable.Range(0, batch * sequence).Select(i => (long)i)];
            for (int i = 0; i < 3; i++)
            {
                using LooseOutput output = runner.Run((ref b) =>
                {
                    b.Dim(batch);
                    b.Dim(sequence);
                    b.Copy<long>(0, ids);
                    b.Copy(1, 100L + i);
                });
                Assert.Equal([batch, sequence], output.Get<float>(0).Shape.ToArray());
                Assert.Equal(ids.Select(id => (float)(id + 100 + i)), output.Get<float>(0).ToArray());
            }
        }
        using LooseCall call = runner.CreateCall((ref b) =>
        {
            b.Dim(1);
            b.Dim(2);
        });
        call.In<long>(0)[1] = 7;
        call.One<long>(1) = 1;
        call.Run();
        call.Run();
        Assert.Equal([1f + call.In<long>(0)[0], 8], call.Out<float>(0).ToArray());
        Assert.True(call.Buffers.OutputsAreBound);
    }

    [Fact]
    public void Every_element_type()
    {
        Check(ElementType.Float, 1.5f, -2f);
        Check(ElementType.Double, 1.5, -2.0);
        Check(ElementType.Float16, (Half)1.5f, (Half)(-2f));
        Check(ElementType.BFloat16, (BFloat16)1.5f, (BFloat16)(-2f));
        Check(ElementType.Int8, (sbyte)-3, sbyte.MaxValue);
        Check(ElementType.UInt8, (byte)3, byte.MaxValue);
        Check(ElementType.Int16, (short)-3, short.MaxValue);
        Check(ElementType.UInt16, (ushort)3, ushort.MaxValue);
        Check(ElementType.Int32, -3, int.MaxValue);
        Check(ElementType.UInt32, 3u, uint.MaxValue);
        Check(ElementType.Int64, -3L, long.MaxValue);
        Check(ElementType.UInt64, 3UL, ulong.MaxValue);
        Check(ElementType.Bool, true, false);
        Check(ElementType.String, "größer", "");

        static void Check<T>(ElementType type, params T[] values)
        {
            using LooseRunner runner = LooseRunner.Of(Models.Identity(type));
            for (int i = 0; i < 3; i++)
            {
                using LooseOutput output = runner.Run((ref b) =>
                {
                    b.Dim(values.Length);
                    b.Copy<T>(0, values);
                });
                Assert.Equal(values, output.Get<T>(0).ToArray());
                using LooseOutput empty = runner.Run((ref b) =>
                {
                    b.Dim(0);
                    b.Copy<T>(0, ReadOnlyMemory<T>.Empty);
                });
                Assert.Equal(0, empty.Get<T>(0).Length);
            }
        }
    }

    [Fact]
    public void Buffers_that_wait_for_the_next_request_keep_no_text_of_the_last()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Identity(ElementType.String));
        WeakReference text = RunWithText(runner);
        for (int i = 0; i < 10 && text.IsAlive; i++)
            GC.Collect();
        Assert.False(text.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference RunWithText(LooseRunner runner)
        {
            string[] texts = [new string('x', 1000)];
            using LooseOutput output = runner.Run((ref b) =>
            {
                b.Dim(1);
                b.Copy<string>(0, texts);
            });
            Assert.Equal(texts, output.Get<string>(0).ToArray());
            return new WeakReference(texts[0]);
        }
    }

    [Fact]
    public void Strings_in_a_call_change_from_run_to_run()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Identity(ElementType.String));
        using LooseCall call = runner.CreateCall((ref b) => b.Dim(2));
        foreach (string text in new[] { "one", "twenty-two", "" })
        {
            call.In<string>(0)[1] = text;
            call.Run();
            Assert.Equal(["", text], call.Out<string>(0).ToArray());
        }
        call.In<string>(0)[0] = null!;
        ArgumentException e = Assert.Throws<ArgumentException>(() => call.Run());
        Assert.Contains("'x' has null at position 0", e.Message);
    }

    [Fact]
    public void Inputs_of_unknown_rank()
    {
        using LooseRunner runner = LooseRunner.Of(Models.AnyShape());
        foreach (int[] shape in new int[][] { [], [3], [2, 2], [1, 0, 4], [2, 2] })
        {
            float[] x = [.. Enumerable.Range(1, shape.Aggregate(1, (a, b) => a * b)).Select(i => -(float)i)];
            using LooseOutput output = runner.Run((ref b) =>
            {
                b.Shape(shape);
                b.Copy<float>(0, x);
            });
            Assert.Equal(shape, output.Get<float>(0).Shape.ToArray());
            Assert.Equal(x.Select(Math.Abs), output.Get<float>(0).ToArray());
        }
    }

    [Fact]
    public async Task No_inputs()
    {
        using LooseRunner runner = LooseRunner.Of(Models.NoInputs());
        using LooseOutput output = runner.Run((ref _) => { });
        using LooseOutput second = await runner.RunAsync((ref _) => { });
        Assert.Equal([-1f, -2], output.Get<float>(0).ToArray());
        Assert.Equal([-1f, -2], second.Get<float>(0).ToArray());
    }

    [Fact]
    public void Outputs_that_no_node_makes()
    {
        using LooseRunner runner = LooseRunner.Of(Models.PassThrough());
        using LooseCall call = runner.CreateCall((ref b) => b.Dim(3));
        for (int i = 1; i < 5; i++)
        {
            call.In<float>(0).Fill(i);
            call.Run();
            Assert.Equal([i, i, i], call.Out<float>(0).ToArray());
            Assert.Equal([5f, 6], call.Out<float>(1).ToArray());
            Assert.Equal([-i, -i, -i], call.Out<float>(2).ToArray());
            Assert.Equal([-i, -i, -i], call.Out<float>(3).ToArray());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Branches_that_hand_on_what_others_made(bool first)
    {
        using LooseRunner runner = LooseRunner.Of(Models.Branches());
        using LooseCall call = runner.CreateCall((ref _) => { });
        for (int i = 1; i < 9; i++)
        {
            bool go = i < 4 ? first : (i % 2 == 0) != first;
            call.One<bool>(0) = go;
            call.In<float>(1).Fill(i);
            call.Run();
            float[] expected = go ? [i, i] : [5, 6];
            Assert.Equal(expected, call.Out<float>(0).ToArray());
            Assert.Equal(expected.Select(v => -v), call.Out<float>(1).ToArray());
        }
    }

    [Fact]
    public void Shapes_that_depend_on_the_data()
    {
        using LooseRunner runner = LooseRunner.Of(Models.NonZero(declared: null));
        using LooseCall call = runner.CreateCall((ref b) => b.Dim(4));
        foreach (float[] x in new float[][] { [1, 0, 2, 0], [0, 0, 0, 0], [1, 2, 3, 4], [0, 0, 0, 5] })
        {
            x.CopyTo(call.In<float>(0));
            call.Run();
            long[] expected = [.. Enumerable.Range(0, 4).Where(i => x[i] != 0).Select(i => (long)i)];
            Assert.Equal(expected, call.Out<long>(0).ToArray());
            Assert.Equal([1, expected.Length], call.Out<long>(0).Shape.ToArray());
            Assert.Equal(x, call.Out<float>(1).ToArray());
        }
        Assert.Null(call.Buffers.Outputs[0].Own);
        Assert.NotNull(call.Buffers.Outputs[1].Own);
    }

    [Theory]
    [InlineData("n")]
    [InlineData(4)]
    public void Declared_shapes_that_are_wrong(object declared)
    {
        using LooseRunner runner = LooseRunner.Of(Models.NonZero(declared));
        using LooseCall call = runner.CreateCall((ref b) => b.Dim(4));
        // The declaration holds twice, so the output is bound; then it does not.
        foreach (float[] x in new float[][] { [1, 2, 3, 4], [4, 3, 2, 1], [1, 0, 2, 0], [1, 2, 3, 4], [0, 0, 0, 0], [0, 1, 1, 1] })
        {
            x.CopyTo(call.In<float>(0));
            call.Run();
            Assert.Equal(Enumerable.Range(0, 4).Where(i => x[i] != 0).Select(i => (long)i), call.Out<long>(0).ToArray());
            Assert.Equal(x, call.Out<float>(1).ToArray());
        }
        Assert.Null(call.Buffers.Outputs[0].Own);
        using LooseOutput next = runner.Run((ref b) =>
        {
            b.Dim(3);
            b.Copy<float>(0, new float[] { 1, 0, 1 });
        });
        Assert.Equal([0L, 2], next.Get<long>(0).ToArray());
    }

    [Fact]
    public void A_shape_that_is_not_said_but_always_the_same_is_bound_once_it_was_seen()
    {
        using LooseRunner runner = LooseRunner.Of(Definitions.Steady(Models.Reversed()), Models.Reversed());
        foreach (int n in new[] { 3, 5, 3 })
        {
            using LooseCall call = runner.CreateCall((ref b) => b.Dim(n));
            for (int i = 1; i < 6; i++)
            {
                call.In<float>(0).Fill(i);
                call.Run();
                Assert.Equal(Enumerable.Repeat(-(float)i, n), call.Out<float>(0).ToArray());
                Assert.Equal([n, 1], call.Out<float>(0).Shape.ToArray());
            }
            Assert.True(call.Buffers.OutputsAreBound);
        }
    }

    [Fact]
    public async Task A_shape_that_is_said_to_be_always_the_same_and_changes_is_right_in_each_run()
    {
        using LooseRunner runner = LooseRunner.Of(Definitions.Steady(Models.NonZero(declared: null)), Models.NonZero(declared: null));
        using LooseCall call = runner.CreateCall((ref b) => b.Dim(4));
        Random random = new(11);
        for (int run = 0; run < 1000; run++)
        {
            // All at first, and often again: the output gets memory for so many, which the next run may not fill.
            float[] x = [.. Enumerable.Range(0, 4).Select(_ => (float)random.Next(run % 100 < 4 ? 1 : 0, 3))];
            x.CopyTo(call.In<float>(0));
            call.Run();
            Check(x, call.Out<long>(0), call.Out<float>(1));
            using LooseOutput one = runner.Run((ref b) => Fill(ref b, x));
            Check(x, one.Get<long>(0), one.Get<float>(1));
            using LooseOutput later = await runner.RunAsync((ref b) => Fill(ref b, x));
            Check(x, later.Get<long>(0), later.Get<float>(1));
        }
        Assert.Null(call.Buffers.Outputs[0].Own);
        Assert.NotNull(call.Buffers.Outputs[1].Own);

        static void Fill(ref Generated.InputBinder binder, float[] x)
        {
            binder.Dim(x.Length);
            binder.Copy<float>(0, x);
        }

        static void Check(float[] x, OutputTensor<long> where, OutputTensor<float> same)
        {
            long[] expected = [.. Enumerable.Range(0, x.Length).Where(i => x[i] != 0).Select(i => (long)i)];
            Assert.Equal(expected, where.ToArray());
            Assert.Equal([1, expected.Length], where.Shape.ToArray());
            Assert.Equal(x, same.ToArray());
        }
    }

    [Fact]
    public void A_request_that_fails_by_its_own_shapes_leaves_others_their_memory()
    {
        ModelProto model = Models.ShapeGiven();
        using LooseRunner runner = LooseRunner.Of(Definitions.Steady(model), model);
        using LooseCall call = runner.CreateCall((ref b) => b.Dim(6));
        for (int run = 0; run < 8; run++)
        {
            call.In<float>(0).Fill(run);
            // In the middle of all: six elements are no four.
            long[] shape = run == 3 ? [2, 2] : [2, 3];
            shape.CopyTo(call.In<long>(1));
            if (run == 3)
            {
                Assert.Contains("shape", Assert.Throws<CleaveException>(() => call.Run()).Message);
                continue;
            }
            call.Run();
            Assert.Equal(Enumerable.Repeat(-(float)run, 6), call.Out<float>(0).ToArray());
        }
        Assert.True(call.Buffers.OutputsAreBound);
    }

    [Fact]
    public void Boxes_that_stay()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Boxes());
        for (int i = 0; i < 4; i++)
        {
            // Either the second box covers the first, or it lies elsewhere.
            float at = i % 2 == 0 ? 0 : 10;
            using LooseOutput output = runner.Run((ref b) =>
            {
                b.Dim(2);
                b.Copy<float>(0, new float[] { 0, 0, 1, 1, at, at, at + 1, at + 1 });
                b.Copy<float>(1, new float[] { 0.9f, 0.8f });
            });
            Assert.Equal([i % 2 == 0 ? 1 : 2, 3], output.Get<long>(0).Shape.ToArray());
        }
    }

    [Fact]
    public void Outputs_made_from_arrays()
    {
        OutputTensor<float> tensor = new([1, 2, 3, 4, 5, 6], 2, 3);
        Assert.Equal([2, 3], tensor.Shape.ToArray());
        Assert.Equal(6, tensor.Length);
        Assert.Equal(5f, tensor[4]);
        Assert.Equal(1, new OutputTensor<string>(["a"]).Length);
        Assert.Throws<ArgumentException>(() => new OutputTensor<float>([1, 2, 3], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OutputTensor<float>([1], -1, -1));
        Assert.Throws<ArgumentException>(() => new OutputTensor<float>([1], int.MaxValue, int.MaxValue, int.MaxValue));
        Assert.Equal(0, new OutputTensor<float>([], int.MaxValue, int.MaxValue, int.MaxValue, 0).Length);
        Assert.Throws<IndexOutOfRangeException>(() => tensor[6]);
        Assert.Throws<InvalidOperationException>(() => default(OutputTensor<float>).Length);
        new LooseOutput(default).Dispose();
    }
}
