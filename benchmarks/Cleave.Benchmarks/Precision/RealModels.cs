using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.Tool;
using Cleave.Tool.Measuring;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Precision;

/// <summary>Published models on given inputs: what counts for their task, of what <c>cleave quantize</c> writes against the model of floats, on the inputs that it was not made with.</summary>
internal sealed class RealModels : IFamily
{
    private const int Crops = 8;

    private static readonly (string Model, int Height, int Width, float Mean, float Divisor, string Target, Func<Outputs, Outputs, double> Figure, double Least)[] Pictures =
    [
        ("ppocrv3_det_en", 480, 640, 127.5f, 127.5f, "text map IoU >= 0.97, or left alone", TextMap, 0.97),
        ("ultraface_slim_320", 240, 320, 127, 128, "boxes over 0.7 matched at IoU >= 0.9: >= 0.98, or left alone", Boxes, 0.98),
        ("ultraface_rfb_320", 240, 320, 127, 128, "boxes over 0.7 matched at IoU >= 0.9: >= 0.98, or left alone", Boxes, 0.98),
    ];

    private static readonly (string Model, SpeechStream Stream, string Target, Func<IReadOnlyList<float[]>, IReadOnlyList<float[]>, double> Figure, double Least)[] Sounds =
    [
        ("dtln_1", new(128, 512, "input_2", [1, 1, 257], ("input_3", "tf_op_layer_stack_2", [1, 2, 128, 2])) { OfMagnitudes = true }, LeastDecibels, SpeechStream.Decibels, 25),
        // What it gets is the speech before the first half has cleaned it.
        ("dtln_2", new(128, 512, "input_4", [1, 1, 512], ("input_5", "tf_op_layer_stack_5", [1, 2, 128, 2])), LeastDecibels, SpeechStream.Decibels, 25),
        // Frames of 512 samples, with the last 64 of the one before.
        ("silero_vad_16k_op15", new(512, 576, "input", [1, 576], ("state", "stateN", [2, 1, 128])) { RateInput = "sr" }, "decisions >= 0.99 equal, or left alone", SpeechStream.Decisions, 0.99),
    ];

    private const string LeastDecibels = "output >= 25 dB against that of floats, or left alone";

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (!SharedModels.Exist)
        {
            yield return Line.NotMeasured("8 bits on real inputs", "", "the models are absent");
            yield break;
        }
        foreach (var picture in Pictures.Where(p => options.Has(p.Model)))
        {
            string folder = Path.Combine(PrecisionCase.Root, "receipt_" + picture.Model);
            new ReceiptCrops().Write(folder, picture.Height, picture.Width, Crops, picture.Mean, picture.Divisor);
            yield return Measure(picture.Model, "the receipt and shifted crops, those held out", picture.Target, folder, own: false, report => Held(picture.Model, folder, picture.Figure, picture.Least, report));
        }
        foreach (var sound in Sounds.Where(s => options.Has(s.Model)))
        {
            string folder = Path.Combine(PrecisionCase.Root, "speech_" + sound.Model), floats = SharedModels.PathOf(sound.Model + ".onnx");
            sound.Stream.WriteInputs(floats, folder);
            foreach (bool own in new[] { false, true })
            {
                yield return Measure(sound.Model, "inputs of the first half of the speech, judged on the second" + (own ? ", ONNX Runtime's own operators allowed" : ""), sound.Target, folder, own, report =>
                    Told(sound.Figure(sound.Stream.SecondHalf(floats), sound.Stream.SecondHalf(OutputOf(sound.Model))), sound.Least, report));
            }
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static Line Measure(string model, string how, string target, string inputs, bool own, Func<QuantizeReport, (bool Held, string Text)> judge)
    {
        string what = $"8 bits for the task: {model}, {how}";
        try
        {
            QuantizeReport report = new QuantizeRun(new QuantizeOptions
            {
                Model = SharedModels.PathOf(model + ".onnx"),
                Output = OutputOf(model),
                MaxError = PrecisionCase.MaxError,
                InputFolders = [inputs],
                OwnOperators = own,
            }, static (_, _) => { }, default).Run();
            if (report.LeftAlone is { } alone)
                return Line.LeftAlone(what, target, alone, report);
            (bool held, string text) = judge(report);
            return Line.Of(what, target, text, held, report);
        }
        catch (RewriteException e) when (e.IsAnswer)
        {
            return Line.LeftAlone(what, target, e.Message, e.Message);
        }
        catch (Exception e) when (e is RewriteException or RefusedException)
        {
            return Line.NotMeasured(what, target, e.Message);
        }
    }

    private static (bool Held, string Text) Told(double figure, double least, QuantizeReport report) =>
        (figure >= least, string.Create(CultureInfo.InvariantCulture, $"{figure:0.####}; {report.Gain!.Ratio.AsRatio()} as fast, error {report.HeldOut.Worst:0.####}"));

    private static string OutputOf(string model) => Path.Combine(Directory.CreateDirectory(PrecisionCase.Root).FullName, model + "_real.onnx");

    private static (bool Held, string Text) Held(string model, string folder, Func<Outputs, Outputs, double> figure, double least, QuantizeReport report)
    {
        using InferenceSession floats = new(SharedModels.PathOf(model + ".onnx")), bytes = new(OutputOf(model));
        string[] files = [.. Directory.GetFiles(folder, "*.npy").Order(StringComparer.Ordinal)];
        // The command holds out every second one.
        double worst = files.Where(static (_, i) => i % 2 == 1).Select(NumpyFile.Read).Min(i => figure(Outputs.Of(floats, i), Outputs.Of(bytes, i)));
        return Told(worst, least, report);
    }

    // Pixels that are text: of those in either map, how many are in both.
    private static double TextMap(Outputs floats, Outputs bytes)
    {
        const float text = 0.3f;
        int both = 0, either = 0;
        foreach ((float one, float other) in floats.Values[0].Zip(bytes.Values[0]))
        {
            both += one > text && other > text ? 1 : 0;
            either += one > text || other > text ? 1 : 0;
        }
        return either == 0 ? 1 : (double)both / either;
    }

    // Of the boxes that either finds, how many the other finds at the same anchor, in the same place.
    private static double Boxes(Outputs floats, Outputs bytes)
    {
        const float sure = 0.7f, overlap = 0.9f;
        int found = 0, matched = 0, anchors = floats.Values[0].Length / 2;
        for (int i = 0; i < anchors; i++)
        {
            bool one = floats.Values[0][(2 * i) + 1] > sure, other = bytes.Values[0][(2 * i) + 1] > sure;
            found += one || other ? 1 : 0;
            matched += one && other && Overlap(floats.Values[1].AsSpan(4 * i, 4), bytes.Values[1].AsSpan(4 * i, 4)) >= overlap ? 1 : 0;
        }
        return found == 0 ? 1 : (double)matched / found;
    }

    private static double Overlap(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double width = Math.Max(0, Math.Min(a[2], b[2]) - Math.Max(a[0], b[0])), height = Math.Max(0, Math.Min(a[3], b[3]) - Math.Max(a[1], b[1])), both = width * height;
        double either = ((a[2] - a[0]) * (a[3] - a[1])) + ((b[2] - b[0]) * (b[3] - b[1])) - both;
        return either <= 0 ? 1 : both / either;
    }

    /// <summary>The numbers of a model's outputs, in their order.</summary>
    private sealed record Outputs(float[][] Values)
    {
        public static Outputs Of(InferenceSession session, TensorCopy input)
        {
            using OrtValue value = input.ToOrtValue();
            using RunOptions options = new();
            using IDisposableReadOnlyCollection<OrtValue> given = session.Run(options, session.InputNames, [value], session.OutputNames);
            return new Outputs([.. given.Select(static g => g.GetTensorDataAsSpan<float>().ToArray())]);
        }
    }
}
