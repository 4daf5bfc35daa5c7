using System;
using System.Linq;
using System.Runtime.ExceptionServices;
using Cleave.Calls;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests.Modes;

/// <summary>Outputs that ONNX Runtime takes to have sizes that they do not have: it refuses memory for them once, and gets none again.</summary>
public sealed class RefusedOutputTests
{
    [Fact]
    public void An_output_whose_memory_is_refused_is_given_none_again()
    {
        // Where stem is taken to have one row, so is y, whatever the file says of y.
        ModelProto model = Onnx.Model(
            [Onnx.Tensor("x", ElementType.Float, "batch", 4)],
            [Onnx.Tensor("y", ElementType.Float, "batch", 4), Onnx.Tensor("stem", ElementType.Float, 1, 4), Onnx.Tensor("z", ElementType.Float, "batch", 4)],
            [Onnx.Node("Abs", ["x"], ["stem"]), Onnx.Node("Neg", ["stem"], ["y"]), Onnx.Node("Neg", ["x"], ["z"])]);
        using LooseRunner runner = LooseRunner.Of(model, new() { Cores = 1 });
        using LooseCall call = runner.CreateCall((ref b) => b.Dim(5));
        float[] x = [.. Enumerable.Range(0, 20).Select(i => i - 10f)];
        x.CopyTo(call.In<float>(0));
        int thread = Environment.CurrentManagedThreadId, refused = 0;
        AppDomain.CurrentDomain.FirstChanceException += Count;
        try
        {
            for (int i = 0; i < 6; i++)
            {
                call.Run();
                Assert.Equal(Array.ConvertAll(x, v => -Math.Abs(v)), call.Out<float>(0).Span.ToArray());
                Assert.Equal(Array.ConvertAll(x, v => -v), call.Out<float>(2).Span.ToArray());
            }
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= Count;
        }

        Assert.Equal(1, refused);
        Assert.Equal([false, false, true], call.Buffers.Outputs.Select(o => o.Own != null));

        void Count(object? sender, FirstChanceExceptionEventArgs e)
        {
            if (Environment.CurrentManagedThreadId == thread && e.Exception is OnnxRuntimeException)
                refused++;
        }
    }

    [Theory]
    [InlineData("[ErrorCode:InvalidArgument] Got invalid dimensions for output: y for the following indices\n index: 0 Got: 5 Expected: 1", true)]
    [InlineData("[ErrorCode:InvalidArgument] Invalid rank for output: y Got: 2 Expected: 3 Please fix either the inputs/outputs or the model.", true)]
    [InlineData("[ErrorCode:InvalidArgument] Got invalid dimensions for input: y for the following indices\n index: 0 Got: 5 Expected: 1", false)]
    public void Both_of_its_messages_are_known(string message, bool isRefusal)
    {
        Assert.Equal(isRefusal, RefusedOutputs.Is(message));
        Assert.True(!isRefusal || RefusedOutputs.Names(message, "y"));
        Assert.False(RefusedOutputs.Names(message, "yy"));
    }
}
