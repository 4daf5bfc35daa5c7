using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Listing;
using Cleave.TestKit;
using Cleave.TestKit.Generation;
using Xunit;

namespace Cleave.Models.Tests;

/// <summary>Each real model, through listing, generator, compiler and runtime, gives what ONNX Runtime gives on the file as published.</summary>
public sealed class WholeModelTests
{
    [SkippableTheory]
    [InlineData("ultraface_rfb_320.onnx")]
    [InlineData("ultraface_slim_320.onnx")]
    public void Detectors_find_the_same_in_a_photo(string model) => ForEachWay(model, new()
    {
        ["input"] = new TensorData(Photo(240, 320, 127, 128), [1, 3, 240, 320]),
    });

    [SkippableTheory]
    [InlineData(320, 320)]
    [InlineData(480, 640)]
    [InlineData(192, 704)]
    public void Text_detection_is_the_same_at_any_size(int height, int width) => ForEachWay("ppocrv3_det_en.onnx", new()
    {
        ["x"] = new TensorData(Photo(height, width, 127.5f, 127.5f), [1, 3, height, width]),
    });

    [SkippableFact]
    public void The_first_denoiser_keeps_its_state_over_speech() => OverSpeech("dtln_1.onnx", 512, 128, Magnitudes, (magnitudes, outputs) => new()
    {
        ["input_2"] = new TensorData(magnitudes, [1, 1, 257]),
        ["input_3"] = outputs?["tf_op_layer_stack_2"] ?? new TensorData(new float[512], [1, 2, 128, 2]),
    });

    [SkippableFact]
    public void The_second_denoiser_keeps_its_state_over_speech() => OverSpeech("dtln_2.onnx", 512, 128, AsIs, (frame, outputs) => new()
    {
        ["input_4"] = new TensorData(frame, [1, 1, 512]),
        ["input_5"] = outputs?["tf_op_layer_stack_5"] ?? new TensorData(new float[512], [1, 2, 128, 2]),
    });

    [SkippableTheory]
    [InlineData("silero_vad.onnx")]
    [InlineData("silero_vad_16k_op15.onnx")]
    public void Voice_activity_keeps_its_state_over_speech(string model) => OverSpeech(model, 512, 512, AsIs, (frame, outputs) => new()
    {
        ["input"] = new TensorData(frame, [1, 512]),
        ["state"] = outputs?["stateN"] ?? new TensorData(new float[256], [2, 1, 128]),
        ["sr"] = new TensorData(new long[] { 16000 }, []),
    });

    // From the file, with weights copied and mapped, from bytes, and untouched.
    private static void ForEachWay(string model, Dictionary<string, TensorData> inputs)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        string path = SharedModels.PathOf(model);
        Compare(
            path, inputs, new RunnerOptions(), new RunnerOptions { Weights = WeightLoading.Map }, new RunnerOptions { Slicing = false },
            new RunnerOptions { Model = ModelSource.Bytes(File.ReadAllBytes(path)) });
    }

    internal static void Compare(string path, IReadOnlyDictionary<string, TensorData> inputs, params RunnerOptions[] ways)
    {
        using OrtReference reference = new(path);
        GeneratedModel generated = Generate(path);
        IReadOnlyDictionary<string, TensorData> expected = reference.Run(inputs);
        // Where all results are one number, a swapped branch goes unseen.
        Assert.All(expected.Values, t => Assert.NotEqual(t.As<float>().Min(), t.As<float>().Max()));
        foreach (RunnerOptions options in ways)
        {
            options.Model ??= ModelSource.File(path);
            using GeneratedRunner runner = generated.CreateRunner(options);
            Difference.AssertNone(expected, runner.Run(inputs));
            // Again: the second run uses buffers that the first one learned the shapes for.
            Difference.AssertNone(expected, runner.Run(inputs));
        }
    }

    // Each side keeps its own state, so a difference would grow from frame to frame.
    private static void OverSpeech(
        string model, int length, int step, Func<float[], float[]> prepare, Func<float[], IReadOnlyDictionary<string, TensorData>?, Dictionary<string, TensorData>> inputs)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        float[] speech = RealInputs.Speech();
        using OrtReference reference = new(SharedModels.PathOf(model));
        using GeneratedRunner runner = Generate(SharedModels.PathOf(model)).CreateRunner(new RunnerOptions { Model = ModelSource.File(SharedModels.PathOf(model)) });
        IReadOnlyDictionary<string, TensorData>? expected = null, actual = null;
        int frames = 0;
        for (int start = 0; start + length <= speech.Length; start += step, frames++)
        {
            float[] frame = prepare(speech.AsSpan(start, length).ToArray());
            expected = reference.Run(inputs(frame, expected));
            actual = frames % 2 == 0
                ? runner.Run(inputs(frame, actual))
                : Task.Run(() => runner.RunAsync(inputs(frame, actual))).GetAwaiter().GetResult();
            Difference.AssertNone(expected, actual);
        }
        Assert.True(frames >= 600, $"only {frames} frames");
    }

    private static float[] AsIs(float[] frame) => frame;

    private static GeneratedModel Generate(string path) => GeneratedModel.FromListing(
        ModelLister.List(path, new ListingOptions { Source = Path.GetFileName(path), Path = "models/" + Path.GetFileName(path) }, CancellationToken.None));

    private static float[] Photo(int height, int width, float mean, float divisor) =>
        SharedModels.Exist ? RealInputs.Photo(height, width, mean, divisor) : [];

    // |DFT| of a frame.
    private static float[] Magnitudes(float[] frame) =>
        [.. Transform([.. frame.Select(static x => new Complex(x, 0))]).Take((frame.Length / 2) + 1).Select(static x => (float)x.Magnitude)];

    // Of a power of two.
    private static Complex[] Transform(Complex[] values)
    {
        if (values.Length == 1)
            return values;
        int half = values.Length / 2;
        Complex[] even = Transform([.. Enumerable.Range(0, half).Select(i => values[2 * i])]);
        Complex[] odd = Transform([.. Enumerable.Range(0, half).Select(i => values[(2 * i) + 1])]);
        for (int k = 0; k < half; k++)
        {
            Complex turned = odd[k] * Turns[k * (Turns.Length / values.Length)];
            (values[k], values[k + half]) = (even[k] + turned, even[k] - turned);
        }
        return values;
    }

    private static readonly Complex[] Turns = [.. Enumerable.Range(0, 512).Select(static i => Complex.FromPolarCoordinates(1, -2 * Math.PI * i / 512))];
}
