using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Listing;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Generation;
using Xunit;

namespace Cleave.Models.Tests;

/// <summary>Models that are split whatever it gains, through generator, compiler and lanes, with several requests in flight and several inputs in one, against ONNX Runtime on the file.</summary>
public sealed class SplitModelTests
{
    private const int Requests = 60;
    private const int InFlight = 6;
    private const int Batch = 7;

    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    [SkippableTheory]
    [InlineData("ultraface_rfb_320")]
    [InlineData("silero_vad_16k_op15")]
    [InlineData("dtln_1")]
    [InlineData("light_squeezenet_random")]
    [InlineData("lstm_bidirectional")]
    [InlineData("experts_16x2x128")]
    public async Task Requests_in_flight_do_not_mix(string name)
    {
        CatalogModel? model = ModelCatalog.All.FirstOrDefault(m => m.Name == name);
        Skip.If(model is null, SharedModels.WhySkipped);
        using TempFolder folder = new();
        string path = model.Write(folder.Path);
        using OrtReference reference = new(path);
        (IReadOnlyDictionary<string, TensorData> Input, IReadOnlyDictionary<string, TensorData> Output)[] cases = [.. Enumerable.Range(0, 3)
            .Select(seed => ModelInputs.Random(model, path, model.Samples[0], (ulong)seed)).Select(input => (input, reference.Run(input)))];

        GeneratedModel generated = GeneratedModel.FromFile(path, new ListingOptions { Plan = "Split" });
        await using GeneratedRunner runner = generated.CreateRunner(new RunnerOptions { Cores = 2, Strict = true });
        Assert.Contains("lane.Receive(", generated.Sources.Single(s => s.Key.EndsWith(".Plan.g.cs", StringComparison.Ordinal)).Value, StringComparison.Ordinal);

        using CancellationTokenSource bound = new(Bound);
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(client => Task.Run(async () =>
        {
            for (int i = client; i < Requests; i += InFlight)
                Difference.AssertNone(cases[i % cases.Length].Output, await runner.RunAsync(cases[i % cases.Length].Input));
        }))).WaitAsync(bound.Token);

        // Twice: buffers that were used before are bound otherwise.
        for (int round = 0; round < 2; round++)
        {
            int[] order = [.. Enumerable.Range(0, Batch).Select(i => (i + round) % cases.Length)];
            IReadOnlyList<IReadOnlyDictionary<string, TensorData>> outputs = runner.RunMany([.. order.Select(c => cases[c].Input)]);
            for (int i = 0; i < Batch; i++)
                Difference.AssertNone(cases[order[i]].Output, outputs[i]);
        }
    }
}
