using System.Globalization;
using System.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

[Collection(Applications.Name)]
public sealed class RealModelTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    // Prints, for each output, how far the runner is from ONNX Runtime on the file as published, relative to the
    // output's range.
    private const string Program = """
        using System;
        using System.Linq;
        using Microsoft.ML.OnnxRuntime;
        using Microsoft.ML.OnnxRuntime.Tensors;
        using App;

        static float[] Wave(int length) => Enumerable.Range(0, length).Select(i => MathF.Sin(i * 0.37f)).ToArray();

        static void Compare(string file, (string Name, int[] Shape)[] inputs, params (string Name, float[] Values)[] found)
        {
            using SessionOptions options = new() { IntraOpNumThreads = 1 };
            using InferenceSession session = new(System.IO.Path.Combine(AppContext.BaseDirectory, "models/App", file), options);
            using var expected = session.Run(inputs.Select(i => NamedOnnxValue.CreateFromTensor(i.Name,
                new DenseTensor<float>(Wave(i.Shape.Aggregate(1, (a, b) => a * b)), i.Shape))).ToList());
            foreach ((string name, float[] values) in found)
            {
                float[] reference = expected.Single(e => e.Name == name).AsEnumerable<float>().ToArray();
                float range = reference.Max() - reference.Min();
                float difference = reference.Length == values.Length
                    ? reference.Zip(values, (a, b) => MathF.Abs(a - b)).Max() / range
                    : float.PositiveInfinity;
                Console.WriteLine($"{file} {name} {reference.Length} {difference.ToString(System.Globalization.CultureInfo.InvariantCulture)}");
            }
        }

        await using (UltrafaceRfb320Runner runner = new())
        {
            using UltrafaceRfb320Output found = await runner.RunAsync(new UltrafaceRfb320Input { Input = Wave(3 * 240 * 320) });
            Compare("ultraface_rfb_320.onnx", [("input", [1, 3, 240, 320])],
                ("scores", found.Scores.ToArray()), ("boxes", found.Boxes.ToArray()));
        }
        await using (Dtln1Runner runner = new())
        {
            using Dtln1Output found = await runner.RunAsync(new Dtln1Input { Input2 = Wave(257), Input3 = Wave(512) });
            Compare("dtln_1.onnx", [("input_2", [1, 1, 257]), ("input_3", [1, 2, 128, 2])],
                ("activation_2", found.Activation2.ToArray()), ("tf_op_layer_stack_2", found.TfOpLayerStack2.ToArray()));
        }
        """;

    [SkippableFact]
    public void Real_models_give_the_results_of_ONNX_Runtime()
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        string[] models = ["ultraface_rfb_320.onnx", "dtln_1.onnx"];
        Consumer app = new Consumer(_packages, "real/App")
            .WithProject(string.Concat(models.Select(m => $"""<AdditionalFiles Include="{SharedModels.PathOf(m)}" Link="{m}" />""")))
            .With("Program.cs", Program);
        app.Build().Succeeded();
        string[][] lines = [.. app.Run().TrimEnd().Split('\n').Select(l => l.Split(' '))];
        Assert.Equal(["scores", "boxes", "activation_2", "tf_op_layer_stack_2"], lines.Select(l => l[1]));
        Assert.All(lines, l => Assert.InRange(float.Parse(l[3], CultureInfo.InvariantCulture), 0, 1e-5f));
    }
}
