using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.Tool.Measuring;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>Whether a file is written is decided by what measuring it gave; most of what it gave is made up here.</summary>
public sealed class MeasuredTests : IDisposable
{
    private const string Died = "The worker died.";
    private const int Rows = 4;
    private const int Width = 64;

    private readonly QuantizeFixture _files = new();

    private string Target => _files.PathOf("model.int8.onnx");

    public void Dispose() => _files.Dispose();

    [Fact]
    public void What_could_not_be_measured_is_not_written()
    {
        QuantizeRun run = Run(new FileGains(Gain: null, Batching: null, Died));

        RewriteException refused = Assert.Throws<RewriteException>(run.Run);

        Assert.Equal("Whether it is faster could not be measured: The worker died. Nothing was written; --no-measure writes what is within the budget, whatever it gains.", refused.Message);
        // It says nothing of the model.
        Assert.False(refused.IsAnswer);
        Assert.Equal(["model.onnx"], Directory.GetFiles(_files.Folder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(1.09, false)]
    [InlineData(1.097, false)]
    [InlineData(1.1, true)]
    public void What_was_measured_is_written_where_it_gains_enough(double ratio, bool written)
    {
        QuantizeReport report = Run(Gained(ratio)).Run();

        Assert.Equal(written ? null : "8 bits make it 1.09 times as fast; less than 1.1 is not worth an error", report.LeftAlone);
        Assert.Equal(written, File.Exists(Target));
        Assert.DoesNotContain(report.Notes, static n => n.Contains("measured"));
    }

    /// <summary>The curve is what one looks at to choose another budget.</summary>
    [Fact]
    public void A_curve_is_drawn_of_a_model_that_is_left_alone_or_beyond_the_budget_and_named()
    {
        string curve = _files.PathOf("curve.svg");
        StringWriter text = new();

        Output.QuantizeText.Write(Run(Gained(1.05), Options() with { Curve = curve }).Run(), text);

        Assert.Contains("less than 1.1 is not worth an error. The model was not written", text.ToString().ReplaceLineEndings(" "));
        Assert.Contains("curve: " + curve, text.ToString().ReplaceLineEndings(""));
        Assert.StartsWith("<?xml", File.ReadAllText(curve));
        File.Delete(curve);

        RewriteException beyond = Assert.Throws<RewriteException>(Run(Gained(2), Options() with { Curve = curve, MaxError = 1e-9 }).Run);

        Assert.EndsWith($" in 8 bits. The model was not written; {curve} shows what was tried.", beyond.Message);
        Assert.StartsWith("No choice of operators has an error of 1E-09 or less; ", beyond.Message);
        Assert.True(beyond.IsAnswer);
        Assert.StartsWith("<?xml", File.ReadAllText(curve));
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public void What_a_batch_gains_may_stay_unknown()
    {
        QuantizeReport report = Run(Gained(2) with { Failure = Died }).Run();

        Assert.Null(report.LeftAlone);
        Assert.Contains("It could not be measured: " + Died, report.Notes);
        Assert.True(File.Exists(Target));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_an_earlier_choice_the_measurement_decides_nothing(bool fails)
    {
        QuantizeOptions options = Options() with
        {
            Model = _files.Save("model.onnx", QuantizeFixture.Layers(2, seed: 1)),
            InputFolders = [_files.Samples()],
            Like = await _files.LayersInBytes("previous.int8.onnx", withInputs: true),
            MaxError = null,
        };

        QuantizeReport report = Run(fails ? new FileGains(Gain: null, Batching: null, Died) : Gained(0.5), options).Run();

        Assert.Null(report.LeftAlone);
        Assert.Equal(fails, report.Notes.Contains("It could not be measured: " + Died));
        Assert.True(File.Exists(Target));
    }

    [Fact]
    public void A_model_that_was_exported_again_meanwhile_is_not_taken_for_the_one_that_was_quantised()
    {
        QuantizeOptions options = Options();
        QuantizeRun run = new(options, static (_, _) => { }, default, (_, _, _, _, _, _, _, _) =>
        {
            _files.Save("model.onnx", SmallLayers(seed: 2));
            return Gained(2);
        });

        Assert.Contains("The model was changed while it was quantised", Assert.Throws<RewriteException>(run.Run).Message);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public void Unasked_nothing_is_measured()
    {
        QuantizeReport report = new QuantizeRun(Options() with { Measure = false }, static (_, _) => { }, default, static (_, _, _, _, _, _, _, _) => throw new InvalidOperationException("measured")).Run();

        Assert.Null(report.Gain);
        Assert.True(File.Exists(Target));
    }

    /// <summary>Really measured: one of the files is no model, and the other's time alone is no gain.</summary>
    [Fact]
    public void A_file_that_does_not_run_has_no_gain_and_the_reason_is_given()
    {
        using ModelUnderTest published = new(_files.Save("model.onnx", QuantizeFixture.Layers(1, seed: 1)));
        using TargetFile target = new(Target, published.Path);
        string draft = target.Draft("onnx");
        File.WriteAllText(draft, "no model");
        InputCase inputs = InputFolders.Read([_files.Samples()], new InputMaker(published.Graph, new Dictionary<string, double>()).Inputs)[0];

        FileGains measured = FileGains.Measure(published, FloatModel.Read(published), target, draft, inputs, axis: null, static (_, _) => { }, default);

        Assert.Null(measured.Gain);
        Assert.Contains("onnx", measured.Failure);
    }

    private static FileGains Gained(double ratio) => new(new Gain(ratio * 1e6, 1e6, new Interval(ratio, ratio, ratio)), Batching: null, Failure: null);

    // With inputs convolutions and products are looked at whatever they gain alone.
    private QuantizeOptions Options() => new()
    {
        Model = _files.Save("model.onnx", SmallLayers(seed: 1)),
        Output = Target,
        MaxError = 0.5,
        InputFolders = [_files.Inputs("small", [Rows, Width], 4)],
    };

    // What they gain is made up, so that they need not be wide.
    private static ModelProto SmallLayers(int seed) => QuantizeFixture.Layers(2, seed, Rows, Width);

    private QuantizeRun Run(FileGains measured, QuantizeOptions? options = null) => new(options ?? Options(), static (_, _) => { }, default, (_, floats, _, draft, _, _, _, _) =>
    {
        // Both are there to be measured.
        Assert.NotEmpty(floats.Graph.Node);
        Assert.NotEmpty(ModelProto.Parser.ParseFrom(File.ReadAllBytes(draft)).Graph.Node);
        return measured;
    });
}
