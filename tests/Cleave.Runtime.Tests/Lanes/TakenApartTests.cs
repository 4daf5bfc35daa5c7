using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Engines;
using Cleave.OnnxProto;
using Cleave.Plans;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
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

    [Theory]
    [InlineData("LSTM", false)]
    [InlineData("GRU", false)]
    [InlineData("GRU", true)]
    public async Task Widened_chunks_share_sessions_and_give_what_the_whole_gives(string cell, bool isGiven)
    {
        ModelProto proto = new RecurrentModel(cell, 4, 256, 64, floats: ElementType.Float16).Stacked();
        if (isGiven)
        {
            proto.Graph.Input.Add(Onnx.Tensor("state", ElementType.Float16, 1, 1, 256));
            foreach (NodeProto layer in proto.Graph.Node.Where(n => n.OpType == cell))
                layer.Input[5] = "state";
        }
        GeneratedModel model = FromFile(proto);
        ListLogger log = new();
        await using GeneratedRunner runner = model.CreateRunner(new RunnerOptions { Cores = 2, Plan = PlanChoice.Split, Precision = PrecisionChoice.Widened, Logger = log });
        await using GeneratedRunner whole = model.CreateRunner(new RunnerOptions { Cores = 1, Plan = PlanChoice.Whole, Precision = PrecisionChoice.Widened });
        Assert.Contains(log.Lines, l => l.Contains("plan TwoLanes", StringComparison.Ordinal));
        OpenedPlan plan = Engine(runner).Plan;
        // One for each lane's chunks, and one each for what is before and after them; where a caller gives the state, in 16 bits, the first chunk's is another one.
        Assert.Equal(isGiven ? 6 : 4, plan.Sessions.Length);
        Assert.True(plan.BySegment.Length > 2 * plan.Sessions.Length);
        for (int seed = 0; seed < 3; seed++)
        {
            TensorData x = new(Array.ConvertAll(Onnx.Random(64 * 256, seed), static v => (Half)v), [1, 64, 256]);
            Dictionary<string, TensorData> given = new() { ["input"] = x };
            if (isGiven)
                given["state"] = new TensorData(Array.ConvertAll(Onnx.Random(256, seed + 10), static v => (Half)v), [1, 1, 256]);
            IReadOnlyDictionary<string, TensorData> wanted = whole.Run(given), found = runner.Run(given);
            // Rounded to 16 bits at the end, and nowhere before.
            foreach ((string name, TensorData value) in wanted)
                Assert.All(value.As<Half>().Zip(found[name].As<Half>()), p => Assert.True(Math.Abs((float)p.First - (float)p.Second) <= Math.Max(Math.Abs((float)p.First), 1e-3f) / 1024));
        }
    }

    // Chunks of two lengths have two sessions in each lane, with the weights in both.
    [Theory]
    [InlineData(64, 1, false)]
    [InlineData(66, 2, false)]
    [InlineData(64, 1, true)]
    [InlineData(66, 2, true)]
    public Task What_its_sessions_take_is_estimated_for_each_of_them(int steps, int copies, bool isHalf) =>
        EstimateIs(copies, new RecurrentModel("GRU", 4, 256, steps, floats: isHalf ? ElementType.Float16 : ElementType.Float).Stacked());

    // ONNX Runtime takes the directions' weights apart when it opens a session, which keeps those of its own.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_session_of_one_direction_takes_the_weights_of_that_direction(bool isHalf) =>
        EstimateIs(1, new RecurrentModel("LSTM", 2, 256, 64, floats: isHalf ? ElementType.Float16 : ElementType.Float).BothWays());

    private async Task EstimateIs(int copies, ModelProto proto)
    {
        GeneratedModel model = FromFile(proto);
        await using GeneratedRunner runner = model.CreateRunner(new RunnerOptions { Cores = 2, Plan = PlanChoice.Split, Precision = PrecisionChoice.Widened, Weights = WeightLoading.Copy });
        SessionFactory factory = Engine(runner).Sessions.Factory;
        long estimated = factory.EstimatedBytes(Engine(runner).Plan.Outline.Plan), once = SessionFactory.PlainBytes(factory.WeightBytes + factory.Precision.ExtraBytes, factory.Weights);
        Assert.InRange(estimated / (double)once, copies - 0.01, copies + 0.01);
    }

    private static RunnerEngine Engine(GeneratedRunner runner) =>
        (RunnerEngine)runner.Runner.GetType().BaseType!.GetProperty("Engine", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(runner.Runner)!;

    private GeneratedModel FromFile(ModelProto proto)
    {
        string path = Path.Combine(_folder, "m.onnx");
        File.WriteAllBytes(path, proto.ToByteArray());
        return GeneratedModel.FromFile(path, new ListingOptions { Plan = "Split" });
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
