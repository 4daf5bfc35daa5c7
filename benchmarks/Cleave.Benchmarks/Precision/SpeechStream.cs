using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.TestKit;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Precision;

/// <summary>The recorded speech through a model that hands a state on from frame to frame, as an application has it: the first half gives inputs, the second shows what 8 bits do, error upon error.</summary>
/// <param name="Step">Samples from frame to frame.</param>
/// <param name="Length">Samples of a frame.</param>
/// <param name="Frame">The model's input for it.</param>
/// <param name="FrameShape">Its shape.</param>
/// <param name="State">The input for the state, the output that gives the next one, and its shape.</param>
internal sealed record SpeechStream(int Step, int Length, string Frame, long[] FrameShape, (string In, string Out, long[] Shape) State)
{
    private const int Sets = 32;
    private const int Rate = 16_000;

    /// <summary>Whether the model takes the magnitudes of the frame's frequencies.</summary>
    public bool OfMagnitudes { get; init; }

    /// <summary>The input for the sample rate; null where there is none.</summary>
    public string? RateInput { get; init; }

    /// <summary>Writes inputs of the first half, with the states that the model has there; some of them are held out by the command.</summary>
    public void WriteInputs(string model, string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        int frames = Frames / 2;
        Run(model, 0, frames, (frame, inputs) =>
        {
            int set = frame * Sets / frames;
            if (frame > 0 && set == (frame - 1) * Sets / frames)
                return;
            string at = Directory.CreateDirectory(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"test_data_set_{set:00}"))).FullName;
            for (int i = 0; i < inputs.Count; i++)
                GivenInputs.WriteTensor(TestDataFolder.InputOf(at, i), inputs[i].Name, inputs[i].Value);
        });
    }

    /// <summary>The first output of each frame of the second half; the state begins with zeros, and is the model's own from then on.</summary>
    public IReadOnlyList<float[]> SecondHalf(string model) => Run(model, Frames / 2, Frames, static (_, _) => { });

    /// <summary>How far outputs lie above what they are off, in decibels.</summary>
    public static double Decibels(IReadOnlyList<float[]> floats, IReadOnlyList<float[]> bytes)
    {
        double power = 0, off = 0;
        foreach ((float one, float other) in floats.SelectMany(static f => f).Zip(bytes.SelectMany(static b => b)))
        {
            power += (double)one * one;
            off += (double)(one - other) * (one - other);
        }
        return off == 0 ? double.PositiveInfinity : 10 * Math.Log10(power / off);
    }

    /// <summary>In which part of the frames both say the same: speech or none.</summary>
    public static double Decisions(IReadOnlyList<float[]> floats, IReadOnlyList<float[]> bytes)
    {
        const float speech = 0.5f;
        return floats.Zip(bytes).Average(static p => p.First[0] > speech == p.Second[0] > speech ? 1.0 : 0);
    }

    private int Frames => ((Speech.Value.Length - Length) / Step) + 1;

    private static Lazy<float[]> Speech { get; } = new(() =>
    {
        byte[] file = File.ReadAllBytes(SharedModels.PathOf("inputs/speech_16k.wav"));
        int data = file.AsSpan().IndexOf("data"u8) + 8;
        return [.. Enumerable.Range(0, (file.Length - data) / 2).Select(i => BinaryPrimitives.ReadInt16LittleEndian(file.AsSpan(data + (2 * i))) / 32768f)];
    });

    private List<float[]> Run(string model, int first, int end, Action<int, IReadOnlyList<(string Name, TensorCopy Value)>> see)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1 };
        using InferenceSession session = new(model, options);
        using RunOptions run = new();
        TensorCopy state = Floats(State.Shape, new float[State.Shape.Aggregate(1L, static (a, b) => a * b)]);
        List<float[]> results = [];
        for (int frame = first; frame < end; frame++)
        {
            float[] samples = Speech.Value.AsSpan(frame * Step, Length).ToArray();
            TensorCopy given = Floats(FrameShape, OfMagnitudes ? Magnitudes(samples) : samples);
            (string Name, TensorCopy Value)[] inputs = [.. session.InputNames.Select(n => (n, n == Frame ? given : n == State.In ? state : n == RateInput
                ? new TensorCopy(ElementType.Int64, [], BitConverter.GetBytes((long)Rate))
                : throw new InvalidDataException($"The model has an input '{n}', which is none of a frame.")))];
            see(frame, inputs);
            OrtValue[] values = [.. inputs.Select(static i => i.Value.ToOrtValue())];
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, session.InputNames, values, session.OutputNames);
            results.Add(outputs[0].GetTensorDataAsSpan<float>().ToArray());
            state = TensorCopy.Of(outputs[session.OutputNames.ToList().IndexOf(State.Out)]) with { Shape = State.Shape };
            foreach (OrtValue value in values)
                value.Dispose();
        }
        return results;
    }

    private static TensorCopy Floats(long[] shape, float[] values) => new(ElementType.Float, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    // Of a real Fourier transform.
    private static float[] Magnitudes(float[] frame)
    {
        int n = frame.Length;
        (double Sine, double Cosine)[] turns = [.. Enumerable.Range(0, n).Select(i => Math.SinCos(2 * Math.PI * i / n))];
        float[] result = new float[(n / 2) + 1];
        for (int k = 0; k < result.Length; k++)
        {
            double real = 0, imaginary = 0;
            for (int i = 0; i < n; i++)
            {
                (double sine, double cosine) = turns[k * i % n];
                real += frame[i] * cosine;
                imaginary -= frame[i] * sine;
            }
            result[k] = (float)Math.Sqrt((real * real) + (imaginary * imaginary));
        }
        return result;
    }
}
