using System;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Core.Tests.Slicing;

/// <summary>Real models, sliced whole, against ONNX Runtime on the file as published.</summary>
public class SharedModelTests
{
    [SkippableTheory]
    [InlineData("dtln_1.onnx")]
    [InlineData("dtln_2.onnx")]
    [InlineData("ultraface_rfb_320.onnx")]
    [InlineData("ultraface_slim_320.onnx")]
    [InlineData("silero_vad.onnx")]
    [InlineData("silero_vad_16k_op15.onnx")]
    [InlineData("ppocrv3_det_en.onnx")]
    [InlineData("light/light_squeezenet.onnx")]
    [InlineData("light/light_shufflenet.onnx")]
    public void Sliced_whole_equals_the_file(string model)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        Slices.EqualInEveryWay(SharedModels.PathOf(model), 7, SizeOf(model));
    }

    private static Func<string, int, int> SizeOf(string model) => model switch
    {
        _ when model.StartsWith("silero", StringComparison.Ordinal) => (input, axis) => input == "input" && axis == 1 ? 512 : 1,
        _ when model.StartsWith("ppocr", StringComparison.Ordinal) => (_, axis) => axis < 2 ? 1 : 64,
        _ => (_, _) => 1,
    };
}
