using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Prepared;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests;

/// <summary>Floats of 16 bits are computed in 32 where the processor has no kernels for them, unless somebody says otherwise.</summary>
public sealed class PrecisionTests
{
    private const int Width = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    [Fact]
    public void By_default_it_is_widened_where_there_are_no_kernels_and_one_line_says_so()
    {
        (Half[] result, ListLogger logger) = Run(_ => { });
        Assert.Equal(IsX64, logger.Lines.Any(l => l.Contains("computes the 16-bit floats of test in 32 bits (there is no kernel of 16 bits for MatMul", StringComparison.Ordinal)));
        Assert.Equal(!IsX64, logger.Lines.Any(l => l.Contains("leaves the 16-bit floats of test as published", StringComparison.Ordinal)));
        Assert.Equal(Expected(), result.Select(v => (double)v));
    }

    [Theory]
    [InlineData("asked for")]
    [InlineData("Slicing is off")]
    [InlineData("ConfigureSession may put it on another device")]
    [InlineData("of 0 MB that RunnerOptions.MaxMemory allows")]
    public void It_stays_as_published_and_the_log_says_why(string why)
    {
        (Half[] result, ListLogger logger) = Run(options =>
        {
            options.Precision = why == "asked for" ? PrecisionChoice.AsPublished : PrecisionChoice.Auto;
            options.Slicing = why != "Slicing is off";
            if (why.StartsWith("Configure", StringComparison.Ordinal))
                options.ConfigureSession = static (_, _) => { };
            if (why.StartsWith("of 0", StringComparison.Ordinal))
                options.MaxMemory = 1000;
        });
        string line = Assert.Single(logger.Lines, l => l.Contains("16-bit", StringComparison.Ordinal));
        Assert.Contains("as published", line, StringComparison.Ordinal);
        if (IsX64 || !why.StartsWith("of 0", StringComparison.Ordinal))
            Assert.Contains(why, line, StringComparison.Ordinal);
        Assert.Equal(Expected(), result.Select(v => (double)v));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_memory_that_widened_weights_take_more_is_counted_and_said(bool fits)
    {
        Skip.IfNot(IsX64, "skipped: widened on x64 only");
        const int width = 1024;
        long bytes = 2L * width * width;
        ModelProto model = Model(
            [Tensor("x", ElementType.Float16, 1, width)], [Tensor("y", ElementType.Float16, 1, width)], [Node("MatMul", ["x", "w"], ["y"])], [Halves("w", [width, width], new float[width * width])]);
        ListLogger logger = new();
        // What a session of copied weights takes as published fits in either case.
        long plain = 2 * bytes;
        LooseRunner.Of(model, new RunnerOptions { Logger = logger, Cores = 1, MaxMemory = fits ? plain + bytes : plain + bytes - 1 }).Dispose();
        Assert.Equal(fits, logger.Lines.Any(static l => l.Contains("2.0 MB of weights take 4.0 MB", StringComparison.Ordinal)));
        Assert.Equal(!fits, logger.Lines.Any(static l => l.Contains("that RunnerOptions.MaxMemory allows", StringComparison.Ordinal)));
    }

    [Fact]
    public void Widened_is_widened_in_any_case()
    {
        (_, ListLogger logger) = Run(options =>
        {
            options.Precision = PrecisionChoice.Widened;
            options.ConfigureSession = static (_, _) => { };
            options.MaxMemory = 1000;
        });
        Assert.Contains(logger.Lines, l => l.Contains("in 32 bits (asked for)", StringComparison.Ordinal));
    }

    [Fact]
    public void A_model_without_such_floats_is_not_mentioned()
    {
        ListLogger logger = new();
        LooseRunner.Of(Models.Toy(), new RunnerOptions { Logger = logger, Cores = 1 }).Dispose();
        Assert.DoesNotContain(logger.Lines, l => l.Contains("16-bit", StringComparison.Ordinal));
    }

    // The product lies between two floats of 16 bits: a cut that rounds it shows in the difference.
    [Theory]
    [InlineData(PrecisionChoice.Widened, 1.0009765625 * 1.0009765625 - 1.001953125)]
    [InlineData(PrecisionChoice.AsPublished, 0)]
    public void Between_segments_there_are_32_bits(PrecisionChoice precision, double expected)
    {
        using LooseRunner runner = Split().Runner(new RunnerOptions { Precision = precision });
        // From the third run on results lie in memory of their own.
        for (int i = 0; i < 5; i++)
            Assert.Equal((Half)expected, RunSplit(runner, (Half)1.0009765625));
    }

    [Fact]
    public async Task Widened_segments_serve_several_callers()
    {
        using LooseRunner runner = Split().Runner(new RunnerOptions { Precision = PrecisionChoice.Widened });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(client => OwnThread.Run(
            () =>
            {
                for (int i = 0; i < 300; i++)
                {
                    Half x = (Half)(1 + (((client * 300) + i) / 1024f % 1));
                    Assert.Equal((Half)(((float)x * 1.0009765625f) - 1.001953125f), RunSplit(runner, x));
                }
            }))).WaitAsync(Patience);
    }

    [Fact]
    public void Widened_weights_need_as_much_space_to_be_prepared_as_they_are_computed_in()
    {
        using PreparedModel model = new(Product());
        // More than the published weights, and less than the widened ones.
        const long most = Width * Width * 3;
        string refused = Assert.Throws<IOException>(() => model.Prepare(new RunnerOptions { Precision = PrecisionChoice.Widened }, most: most)).Message;
        Assert.Contains("the weights alone", refused);
    }

    [Fact]
    public void Prepared_models_are_those_of_a_precision()
    {
        using PreparedModel model = new(Product());
        PrecisionChoice[] both = [PrecisionChoice.Widened, PrecisionChoice.AsPublished];
        foreach (PrecisionChoice precision in both)
            Assert.Null(Assert.Single(model.Prepare(new RunnerOptions { Precision = precision })).WhyNot);
        Assert.Equal(2, model.Entries.Length);
        foreach (PrecisionChoice precision in both)
        {
            using LooseRunner runner = model.Open(o => o.Precision = precision);
            Assert.True(PreparedModel.IsPrepared(runner));
            Assert.Equal(Expected(), RunProduct(runner).Select(v => (double)v));
        }
    }

    /// <summary>The same file is another model in the other precision: what was measured of one says nothing of the other.</summary>
    [Fact]
    public async Task What_was_tuned_is_that_of_a_precision()
    {
        using TempFolder folder = new();
        string path = folder.Write("model.onnx", Product().ToByteArray());
        PrecisionChoice[] both = [PrecisionChoice.Widened, PrecisionChoice.AsPublished];
        foreach (PrecisionChoice precision in both)
        {
            await using LooseRunner runner = Tuned(path, precision);
            Assert.Null(runner.Engine.Tuning.Known);
            Assert.NotNull((await runner.TuneAsync(Patience)).File);
        }

        Assert.Equal(["", "widened"], TuningFile.Read(File.ReadAllText(path + TuningFile.Ending)).Sections.Select(static s => s.Machine.Precision));
        foreach (PrecisionChoice precision in both)
        {
            await using LooseRunner again = Tuned(path, precision);
            Assert.Equal(precision == PrecisionChoice.Widened ? "widened" : "", again.Engine.Tuning.Known!.Machine.Precision);
        }
    }

    private static LooseRunner Tuned(string path, PrecisionChoice precision) =>
        new(Definitions.Of(Product()), new() { Model = ModelSource.File(path), Precision = precision, Cores = 2, TuningSpan = TimeSpan.Zero, Ledger = Ledgers.Own(2) });

    private static (Half[] Result, ListLogger Logger) Run(Action<RunnerOptions> change)
    {
        ListLogger logger = new();
        RunnerOptions options = new() { Logger = logger, Cores = 1 };
        change(options);
        using LooseRunner runner = LooseRunner.Of(Product(), options);
        return (RunProduct(runner), logger);
    }

    private static Half[] RunProduct(LooseRunner runner)
    {
        using LooseOutput output = runner.Run(static (ref b) => b.Copy<Half>(0, X()));
        return output.Get<Half>(0).ToArray();
    }

    private static Half RunSplit(LooseRunner runner, Half x)
    {
        using LooseOutput output = runner.Run((ref b) => b.Copy<Half>(0, new[] { x }));
        return output.Get<Half>(0).ToArray()[0];
    }

    private static Half[] X() => [.. Enumerable.Range(0, Width).Select(i => (Half)(float)((i % 5) - 2))];

    // Small whole numbers: exact in any precision.
    private static float[] Weights() => [.. Enumerable.Range(0, Width * Width).Select(i => (float)((i % 7) - 3))];

    private static IEnumerable<double> Expected() => Enumerable.Range(0, Width).Select(column => Enumerable.Range(0, Width).Sum(row => (double)X()[row] * Weights()[(row * Width) + column]));

    private static ModelProto Product() => Model(
        [Tensor("x", ElementType.Float16, 1, Width)], [Tensor("y", ElementType.Float16, 1, Width)], [Node("MatMul", ["x", "w"], ["y"])], [Halves("w", [Width, Width], Weights())]);

    // y = x * w - c, cut behind the product.
    private static SplitModel Split()
    {
        Value x = Value.Tensor<Half>("x", 1), a = Value.Tensor<Half>("a", 1), y = Value.Tensor<Half>("y", 1);
        Segment product = new("Product", "0", [x], [a]), difference = new("Difference", "1", [a], [y]);
        return new SplitModel(
            Model(
                [Tensor("x", ElementType.Float16, 1)], [Tensor("y", ElementType.Float16, 1)],
                [Node("Mul", ["x", "w"], ["a"]), Node("Sub", ["a", "c"], ["y"])],
                [Halves("w", [1], 1.0009765625f), Halves("c", [1], 1.001953125f)]),
            new Plan("TwoLanes", [product, difference], Trunk, Side));

        void Trunk(Lane lane)
        {
            lane.Receive(a);
            lane.Run(difference);
        }

        void Side(Lane lane)
        {
            lane.Run(product);
            lane.Send(a);
        }
    }

    private static TensorProto Halves(string name, long[] dims, params float[] values)
    {
        TensorProto tensor = new()
        {
            Name = name,
            DataType = (int)ElementType.Float16,
            RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(Array.ConvertAll(values, static v => (Half)v).AsSpan())),
        };
        tensor.Dims.Add(dims);
        return tensor;
    }
}
