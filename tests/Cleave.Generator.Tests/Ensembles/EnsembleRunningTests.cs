using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Listing;
using Cleave.TestKit.Ensembles;
using Cleave.TestKit.Generation;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;
using Xunit;

namespace Cleave.Generator.Tests.Ensembles;

/// <summary>What is generated of an ensemble runs, and gives what its members give one by one.</summary>
public sealed class EnsembleRunningTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cleave-ensemble-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_gives_the_mean_of_what_the_members_give()
    {
        string[] files = [.. Enumerable.Range(1, 3).Select(Tower)];
        Dictionary<string, TensorData> input = Input();
        using GeneratedRunner ensemble = GeneratedEnsemble.Open(new EnsembleListing { Name = "Towers" }, files);
        double[] mean = new double[12];
        foreach (string file in files)
        {
            using GeneratedRunner member = GeneratedModel.FromFile(file).CreateRunner(new RunnerOptions { Cores = 1 });
            float[] alone = member.Run(input)["y"].As<float>();
            for (int i = 0; i < mean.Length; i++)
                mean[i] += alone[i];
        }
        for (int round = 0; round < 3; round++)
        {
            TensorData together = ensemble.Run(input)["y"];
            Assert.Equal([3, 4], together.Shape);
            Assert.Equal(mean.Select(m => (float)(m / 3)), together.As<float>());
        }
    }

    [Fact]
    public void It_is_more_accurate_than_each_of_its_members()
    {
        const int points = 2000, members = 5;
        const double margin = 0.01;
        string[] files = [.. Enumerable.Range(1, members).Select(i =>
        {
            string file = Path.Combine(_folder, "spiral" + i + ".onnx");
            File.WriteAllBytes(file, SpiralClassifiers.Member((ulong)i).ToByteArray());
            return file;
        })];
        // Points that no member has seen. So many that requests are cut.
        (float[] xy, int[] labels) = SpiralClassifiers.Draw(2, points);
        Dictionary<string, TensorData> input = new() { ["points"] = new TensorData(xy, [points, 2]) };
        using GeneratedRunner mean = GeneratedEnsemble.Open(new EnsembleListing { Name = "Spirals" }, files);
        using GeneratedRunner stack = GeneratedEnsemble.Open(new EnsembleListing { Name = "Spirals", Combine = ["Stack"] }, files);
        float[] alone = stack.Run(input)["scores"].As<float>();
        double together = SpiralClassifiers.Accuracy(mean.Run(input)["scores"].As<float>(), labels);
        for (int m = 0; m < members; m++)
        {
            double one = SpiralClassifiers.Accuracy(alone.AsSpan(m * points * 3, points * 3), labels);
            Assert.True(together > one + margin, $"together {together}, member {m + 1} {one}");
        }
    }

    [Fact]
    public void An_own_rule_is_typed()
    {
        const string rule = """
            namespace Generated
            {
                partial class TowersRunner
                {
                    private partial Cleave.OutputTensor<float> CombineY(Cleave.OutputTensor<float> tower1, Cleave.OutputTensor<float> tower2) =>
                        new(new[] { tower1[0] - tower2[0], tower1.Length, tower2.Shape[1] }, 3);
                }
            }
            """;
        string[] files = [Tower(1), Tower(2)];
        Dictionary<string, TensorData> input = Input();
        using GeneratedRunner ensemble = GeneratedEnsemble.Open(new EnsembleListing { Name = "Towers", Combine = ["y=Custom"] }, files, null, rule);
        using GeneratedRunner stack = GeneratedEnsemble.Open(new EnsembleListing { Name = "Towers", Combine = ["Stack"] }, files);
        float[] both = stack.Run(input)["y"].As<float>();
        Assert.Equal([both[0] - both[12], 12, 4], ensemble.Run(input)["y"].As<float>());
    }

    [Fact]
    public void Outputs_of_other_names_are_combined_in_their_order()
    {
        string[] files = [Two("one", ("scores", "Neg"), ("features", "Abs")), Two("other", ("logits", "Relu"), ("code", "Sign"))];
        Dictionary<string, TensorData> input = Input();
        float[] x = input["x"].As<float>();
        using GeneratedRunner ensemble = GeneratedEnsemble.Open(new EnsembleListing { Name = "Pair", Combine = ["Stack"] }, files);
        for (int round = 0; round < 3; round++)
        {
            IReadOnlyDictionary<string, TensorData> together = ensemble.Run(input);
            Assert.Equal(["features", "scores"], together.Keys.Order(StringComparer.Ordinal));
            Assert.Equal([.. x.Select(static v => -v), .. x.Select(static v => MathF.Max(v, 0))], together["scores"].As<float>());
            Assert.Equal([.. x.Select(MathF.Abs), .. x.Select(static v => (float)MathF.Sign(v))], together["features"].As<float>());
        }
    }

    // y = f(x) of both outputs.
    private string Two(string name, params (string Output, string Operator)[] outputs)
    {
        ModelBuilder g = new(name, 1);
        string x = g.Input("x", "batch", 4);
        foreach ((string output, string type) in outputs)
            g.Output(output, g.Node(type, [x]), "batch", 4);
        string file = Path.Combine(_folder, name + ".onnx");
        File.WriteAllBytes(file, g.ToModel().ToByteArray());
        return file;
    }

    private static Dictionary<string, TensorData> Input() =>
        new() { ["x"] = new TensorData(Enumerable.Range(0, 12).Select(i => MathF.Sin(i)).ToArray(), [3, 4]) };

    private string Tower(int seed)
    {
        ModelBuilder g = new("tower", (ulong)seed);
        g.Output("y", g.Node("Tanh", [g.Gemm(g.Input("x", seed == 2 ? "N" : "batch", 4), "dense", 4, 4)]), "batch", 4);
        string file = Path.Combine(_folder, "tower" + seed + ".onnx");
        File.WriteAllBytes(file, g.ToModel().ToByteArray());
        return file;
    }
}
