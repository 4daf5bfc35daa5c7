using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
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
    public void The_first_denoiser_keeps_its_state_over_speech() => OverSpeech("dtln_1.onnx", 512, 128, (frame, outputs) => new()
    {
        ["input_2"] = new TensorData(Magnitudes(frame), [1, 1, 257]),
        ["input_3"] = outputs?["tf_op_layer_stack_2"] ?? new TensorData(new float[512], [1, 2, 128, 2]),
    });

    [SkippableFact]
    public void The_second_denoiser_keeps_its_state_over_speech() => OverSpeech("dtln_2.onnx", 512, 128, (frame, outputs) => new()
    {
        ["input_4"] = new TensorData(frame, [1, 1, 512]),
        ["input_5"] = outputs?["tf_op_layer_stack_5"] ?? new TensorData(new float[512], [1, 2, 128, 2]),
    });

    [SkippableTheory]
    [InlineData("silero_vad.onnx")]
    [InlineData("silero_vad_16k_op15.onnx")]
    public void Voice_activity_keeps_its_state_over_speech(string model) => OverSpeech(model, 512, 512, (frame, outputs) => new()
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
        Compare(path, inputs, new RunnerOptions());
        Compare(path, inputs, new RunnerOptions { Weights = WeightLoading.Map });
        Compare(path, inputs, new RunnerOptions { Slicing = false });
        Compare(path, inputs, new RunnerOptions { Model = ModelSource.Bytes(File.ReadAllBytes(path)) });
    }

    internal static void Compare(string path, IReadOnlyDictionary<string, TensorData> inputs, RunnerOptions options)
    {
        using OrtReference reference = new(path);
        using GeneratedRunner runner = Runner(path, options);
        IReadOnlyDictionary<string, TensorData> expected = reference.Run(inputs);
        // Where all results are one number, a swapped branch goes unseen.
        Assert.All(expected.Values, t => Assert.NotEqual(t.As<float>().Min(), t.As<float>().Max()));
        Difference.AssertNone(expected, runner.Run(inputs));
        // Again: the second run uses buffers that the first one learned the shapes for.
        Difference.AssertNone(expected, runner.Run(inputs));
    }

    // Each side keeps its own state, so a difference would grow from frame to frame.
    private static void OverSpeech(
        string model, int length, int step, Func<float[], IReadOnlyDictionary<string, TensorData>?, Dictionary<string, TensorData>> inputs)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        float[] speech = RealInputs.Speech();
        using OrtReference reference = new(SharedModels.PathOf(model));
        using GeneratedRunner runner = Runner(SharedModels.PathOf(model), new RunnerOptions());
        IReadOnlyDictionary<string, TensorData>? expected = null, actual = null;
        int frames = 0;
        for (int start = 0; start + length <= speech.Length; start += step, frames++)
        {
            float[] frame = speech.AsSpan(start, length).ToArray();
            expected = reference.Run(inputs(frame, expected));
            actual = frames % 2 == 0
                ? runner.Run(inputs(frame, actual))
                : Task.Run(() => runner.RunAsync(inputs(frame, actual))).GetAwaiter().GetResult();
            Difference.AssertNone(expected, actual);
        }
        Assert.True(frames >= 600, $"only {frames} frames");
    }

    private static GeneratedRunner Runner(string path, RunnerOptions options)
    {
        ModelListing listing = ModelLister.List(path, new ListingOptions { Source = Path.GetFileName(path), Path = "models/" + Path.GetFileName(path) }, CancellationToken.None);
        options.Model ??= ModelSource.File(path);
        return GeneratedModel.FromListing(listing).CreateRunner(options);
    }

    private static float[] Photo(int height, int width, float mean, float divisor) =>
        SharedModels.Exist ? RealInputs.Photo(height, width, mean, divisor) : [];

    // |DFT| of a frame; slow and plain, as accuracy does not matter here: both sides get the same.
    private static float[] Magnitudes(float[] frame)
    {
        float[] magnitudes = new float[(frame.Length / 2) + 1];
        for (int k = 0; k < magnitudes.Length; k++)
        {
            double real = 0, imaginary = 0;
            for (int n = 0; n < frame.Length; n++)
            {
                // The angle by table: k·n modulo the frame's length.
                (double sin, double cos) = Turns[k * n % frame.Length];
                real += frame[n] * cos;
                imaginary -= frame[n] * sin;
            }
            magnitudes[k] = (float)Math.Sqrt((real * real) + (imaginary * imaginary));
        }
        return magnitudes;
    }

    private static readonly (double Sin, double Cos)[] Turns = [.. Enumerable.Range(0, 512).Select(i => Math.SinCos(2 * Math.PI * i / 512))];
}
