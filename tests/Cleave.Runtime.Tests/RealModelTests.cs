using System;
using System.Linq;
using Cleave.Runtime.Tests.Support;
using Cleave.TestKit;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>Real models equal ONNX Runtime on the published file, however they are opened.</summary>
public sealed class RealModelTests
{
    [SkippableTheory]
    [InlineData("file", WeightLoading.Copy)]
    [InlineData("file", WeightLoading.Map)]
    [InlineData("bytes", WeightLoading.Auto)]
    public void UltraFace_with_its_weights_as_inputs(string source, WeightLoading weights)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        string path = SharedModels.PathOf("ultraface_rfb_320.onnx");
        float[] image = Onnx.Random(3 * 240 * 320, seed: 3);
        using InferenceSession published = Published(path);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(image, [1, 3, 240, 320]);
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> expected = published.Run(options, ["input"], [input], published.OutputNames);
        using LooseRunner runner = Open(path, source, weights);
        Assert.Empty(runner.Engine.Plan.Sessions[0].Session.OverridableInitializerMetadata);
        for (int i = 0; i < 3; i++)
        {
            using LooseOutput output = runner.Run((ref b) => b.Copy<float>(0, image));
            for (int o = 0; o < 2; o++)
                AssertClose(expected[o].GetTensorDataAsSpan<float>(), output.Get<float>(o).Span);
        }
    }

    [SkippableTheory]
    [InlineData("file", WeightLoading.Copy)]
    [InlineData("file", WeightLoading.Map)]
    [InlineData("bytes", WeightLoading.Auto)]
    public void Dtln_with_its_state_fed_back(string source, WeightLoading weights)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        string path = SharedModels.PathOf("dtln_1.onnx");
        using InferenceSession published = Published(path);
        using RunOptions options = new();
        using LooseRunner runner = Open(path, source, weights);
        using LooseCall call = runner.CreateCall((ref _) => { });
        int state = call.In<float>(1).Length;
        long[][] shapes = [.. published.InputNames.Select(n => published.InputMetadata[n].Dimensions.Select(d => (long)d).ToArray())];
        float[] expectedState = new float[state];
        call.In<float>(1).Clear();
        for (int frame = 0; frame < 50; frame++)
        {
            float[] magnitude = [.. Onnx.Random(257, frame).Select(Math.Abs)];
            using OrtValue x = OrtValue.CreateTensorValueFromMemory(magnitude, shapes[0]);
            using OrtValue s = OrtValue.CreateTensorValueFromMemory(expectedState, shapes[1]);
            using IDisposableReadOnlyCollection<OrtValue> expected = published.Run(options, published.InputNames, [x, s], published.OutputNames);
            magnitude.CopyTo(call.In<float>(0));
            call.Run();
            AssertClose(expected[0].GetTensorDataAsSpan<float>(), call.Out<float>(0).Span);
            AssertClose(expected[1].GetTensorDataAsSpan<float>(), call.Out<float>(1).Span);
            expectedState = expected[1].GetTensorDataAsSpan<float>().ToArray();
            call.Out<float>(1).Span.CopyTo(call.In<float>(1));
        }
        Assert.True(call.Buffers.OutputsAreBound);
    }

    private static LooseRunner Open(string path, string source, WeightLoading weights) => new(Definitions.OfFile(path), new RunnerOptions
    {
        Model = source == "file" ? ModelSource.File(path) : ModelSource.Bytes(System.IO.File.ReadAllBytes(path)),
        Weights = weights,
    });

    private static InferenceSession Published(string path)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        return new InferenceSession(path, options);
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        float low = float.PositiveInfinity, high = float.NegativeInfinity, worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            low = Math.Min(low, expected[i]);
            high = Math.Max(high, expected[i]);
            worst = Math.Max(worst, Math.Abs(expected[i] - actual[i]));
        }
        Assert.True(high > low, "the expected output is constant");
        Assert.True(worst <= 1e-5f * (high - low), $"differs by {worst} of {high - low}");
    }
}
