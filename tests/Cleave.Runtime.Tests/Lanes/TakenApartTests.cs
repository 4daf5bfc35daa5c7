using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Listing;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Cleave.TestKit.Generation;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using RecurrentModel = Cleave.TestKit.Synthetic.Recurrent;

namespace Cleave.Runtime.Tests.Lanes;

/// <summary>A recurrent model through generator, compiler and runner: its plan takes it apart, and it gives what ONNX Runtime gives.</summary>
public sealed class TakenApartTests : IDisposable
{
    private const float Tolerance = 1e-6f;

    private readonly string _folder = Directory.CreateTempSubdirectory("cleave-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("LSTM", "stack", WeightLoading.Copy)]
    [InlineData("LSTM", "stack", WeightLoading.Map)]
    [InlineData("GRU", "stack", WeightLoading.Copy)]
    [InlineData("LSTM", "both ways", WeightLoading.Copy)]
    public async Task Results_are_those_of_the_model(string cell, string shape, WeightLoading weights)
    {
        (GeneratedModel model, string path) = Generate(cell, shape);
        Assert.Contains(model.Sources.Values, s => s.Contains("Recurrent = \"", StringComparison.Ordinal));
        ListLogger log = new();
        await using GeneratedRunner runner = model.CreateRunner(new RunnerOptions { Cores = 2, Plan = PlanChoice.Split, Weights = weights, Logger = log });
        Assert.Contains(log.Lines, l => l.Contains("plan TwoLanes", StringComparison.Ordinal));
        for (int i = 0; i < 4; i++)
            Same(path, runner.Run, i);
    }

    [Fact]
    public async Task Requests_at_once_get_their_own_results()
    {
        (GeneratedModel model, string path) = Generate("LSTM", "stack");
        await using GeneratedRunner runner = model.CreateRunner(new RunnerOptions { Cores = 2, Plan = PlanChoice.Split });
        await Parallel.ForAsync(0, 60, (i, _) =>
        {
            Same(path, runner.Run, i % 7);
            return ValueTask.CompletedTask;
        });
    }

    [Fact]
    public void A_plan_for_another_number_of_steps_is_refused()
    {
        (GeneratedModel model, string path) = Generate("LSTM", "stack");
        File.WriteAllBytes(path, new RecurrentModel("LSTM", 4, 256, 48).Stacked().ToByteArray());
        Assert.Equal("CLV4002", Assert.ThrowsAny<CleaveException>(() => model.CreateRunner(new RunnerOptions { Cores = 2, Plan = PlanChoice.Split, Model = ModelSource.File(path) })).Id);
    }

    private (GeneratedModel Model, string Path) Generate(string cell, string shape)
    {
        string path = Path.Combine(_folder, "m.onnx");
        RecurrentModel recurrent = new(cell, shape == "stack" ? 4 : 2, 256, 64);
        ModelProto proto = shape == "stack" ? recurrent.Stacked() : recurrent.BothWays();
        File.WriteAllBytes(path, proto.ToByteArray());
        return (GeneratedModel.FromFile(path, new ListingOptions { Plan = "Split" }), path);
    }

    private static void Same(string path, Func<IReadOnlyDictionary<string, TensorData>, System.Threading.CancellationToken, IReadOnlyDictionary<string, TensorData>> run, int seed)
    {
        using InferenceSession session = new(path);
        string input = session.InputNames[0];
        int[] shape = session.InputMetadata[input].Dimensions;
        float[] x = Onnx.Random(shape.Aggregate(1, (a, b) => a * b), seed);
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(x, Array.ConvertAll(shape, s => (long)s));
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> expected = session.Run(options, [input], [value], session.OutputNames);
        IReadOnlyDictionary<string, TensorData> found = run(new Dictionary<string, TensorData> { [input] = new(x, shape) }, default);
        for (int i = 0; i < expected.Count; i++)
        {
            float[] wanted = expected[i].GetTensorDataAsSpan<float>().ToArray(), got = [.. found[session.OutputNames[i]].As<float>()];
            Assert.Equal(wanted.Length, got.Length);
            Assert.All(wanted.Zip(got), p => Assert.True(Math.Abs(p.First - p.Second) <= Tolerance));
        }
    }
}
