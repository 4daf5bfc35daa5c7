using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Xunit;

namespace Cleave.Tool.Tests.Verification;

/// <summary>Integers of a batch against those of its samples alone: what another kernel rounds otherwise is told from what other samples change.</summary>
public sealed class BatchCheckTests
{
    private readonly List<Failure> _failures = [];
    private readonly List<string> _notes = [];

    [Fact]
    public void Equal_integers_are_equal()
    {
        Check(static (x, _, _) => x);
        Assert.Empty(_failures);
        Assert.Empty(_notes);
    }

    [Fact]
    public void What_only_the_size_decides_is_noted()
    {
        Check(static (x, _, all) => x + all.Length);
        Assert.Empty(_failures);
        Assert.Equal(3, _notes.Count);
        Assert.StartsWith("Sample 1 of 3 alone gives another output 'y' than the batch, but the same beside any samples", _notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_place_decides_is_a_failure()
    {
        Check(static (x, place, _) => x + place);
        Assert.NotEmpty(_failures);
        Assert.Empty(_notes);
    }

    // Not even a millionth of the range.
    [Fact]
    public void What_other_samples_decide_is_a_failure()
    {
        Check(static (x, _, all) => x == 0 ? 10_000_000 : all.Sum());
        Assert.NotEmpty(_failures);
    }

    /// <summary>A range of nothing: a part of it allows nothing.</summary>
    [Theory]
    [InlineData(1e-9f, true)]
    [InlineData(1e-6f, false)]
    public void Zeros_may_be_as_far_off_as_one_step_at_1(float together, bool isRight)
    {
        using TinyModel tiny = new();
        using ModelUnderTest model = new(tiny.Save());
        BatchCheck.Run(model, Run, new InputMaker(model.Graph, new Dictionary<string, double>()), DimensionSample.Parse("batch=1"), 1, _failures, _notes);
        Assert.Equal(isRight, _failures.Count == 0);

        Dictionary<string, TensorCopy> Run(Dictionary<string, TensorCopy> inputs)
        {
            float[] y = [.. Enumerable.Repeat(inputs["x"].Shape[0] > 1 ? together : 0, (int)inputs["x"].Count)];
            return new Dictionary<string, TensorCopy> { ["y"] = new(ElementType.Float, inputs["x"].Shape, MemoryMarshal.AsBytes(y.AsSpan()).ToArray()) };
        }
    }

    // x and y are int64 [batch, 4]; what is run is not the file, but the rule for each element of a sample at a place, of those of all.
    private void Check(Func<long, int, long[], long> rule)
    {
        using TinyModel tiny = new();
        GraphProto graph = tiny.Model.Graph;
        graph.Input.Clear();
        graph.Input.Add(TinyModel.Value("x", (int)ElementType.Int64, "batch", 4));
        graph.Output.Clear();
        graph.Output.Add(TinyModel.Value("y", (int)ElementType.Int64, "batch", 4));
        graph.Initializer.Clear();
        graph.Initializer.Add(TinyModel.Weight("w", (int)ElementType.Int64, sizeof(long), 4));
        using ModelUnderTest model = new(tiny.Save());
        BatchReport report = BatchCheck.Run(model, Run, new InputMaker(model.Graph, new Dictionary<string, double>()), DimensionSample.Parse("batch=1"), 1, _failures, _notes);
        Assert.Equal(3, report.Samples);

        Dictionary<string, TensorCopy> Run(Dictionary<string, TensorCopy> inputs)
        {
            long[] x = MemoryMarshal.Cast<byte, long>(inputs["x"].Bytes).ToArray();
            long[] y = [.. x.Select((element, i) => rule(element, i / 4, [.. x.Where((_, other) => other % 4 == i % 4)]))];
            return new Dictionary<string, TensorCopy> { ["y"] = new(ElementType.Int64, inputs["x"].Shape, MemoryMarshal.AsBytes(y.AsSpan()).ToArray()) };
        }
    }
}
