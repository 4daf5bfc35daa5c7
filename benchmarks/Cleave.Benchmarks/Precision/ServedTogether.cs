using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Onnx;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;

namespace Cleave.Benchmarks.Precision;

/// <summary>A model in dynamic int8 has no batch axis: what 64 clients get at once is what each gets alone, bit for bit, whatever the runner may merge.</summary>
internal sealed class ServedTogether : IFamily
{
    private const int Clients = 64;
    private const int Rounds = 20;

    private static readonly (string Model, string Dims)[] Cases = [("bert_4x384", "batch=1,sequence=32"), ("bert_6x768", "batch=1,sequence=32")];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach ((string model, string dims) in Cases.Where(c => options.Has(c.Model)))
            yield return Measure(ModelCatalog.Get(model), dims, options).GetAwaiter().GetResult();
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static async Task<Line> Measure(CatalogModel model, string dims, BenchOptions options)
    {
        string what = $"8 bits under {Clients} clients with Batching = Auto against one by one: {model.Name} {dims}";
        PrecisionCase made = PrecisionCase.Make(model, dims, leastGain: 0);
        if (made.Report.Form != "dynamic")
            return Line.NotMeasured(what, "equal bits", "it was written as " + made.Report.Form);
        string[] arguments = [made.Bytes, .. dims.Split(',').Select(static d => "d" + d)];
        (Func<LooseRunner> create, _) = BenchWorkloads.Planned(arguments, new RunnerOptions { Batching = BatchingOptions.Auto });
        await using LooseRunner runner = create();
        LooseRequest[] requests = [.. Enumerable.Range(0, Clients).Select(c => runner.NewRequest(Inputs(made.Bytes, dims, c)))];
        float[][] alone = [.. requests.Select(r => Numbers(runner.Run(r)))];
        int different = 0, rounds = options.Quick ? 1 : Rounds;
        await Task.WhenAll(requests.Select((request, c) => Task.Run(async () =>
        {
            for (int round = 0; round < rounds; round++)
            {
                if (!Numbers(await runner.RunAsync(request)).SequenceEqual(alone[c]))
                    Interlocked.Increment(ref different);
            }
        })));
        bool distinct = alone.Skip(1).All(a => !a.SequenceEqual(alone[0]));
        return Line.Of(what, "equal bits", string.Create(CultureInfo.InvariantCulture,
            $"{different} of {Clients * rounds} results differ; requests {(runner.Engine.Batches is null ? "are not" : "are")} merged{(distinct ? "" : "; the requests are alike, so nothing is proven")}"),
            different == 0 && distinct, new { different, rounds });
    }

    // Another token for each client.
    private static RequestInputs Inputs(string path, string dims, int client) => RequestInputs.For(
        ModelReader.ReadFile(path), dims.Split(',').Select(static d => d.Split('=')).ToDictionary(static d => d[0], static d => d[1], StringComparer.Ordinal),
        new Dictionary<string, string>(StringComparer.Ordinal) { ["input_ids"] = (client + 1).ToString(CultureInfo.InvariantCulture) });

    private static float[] Numbers(LooseOutput output)
    {
        using (output)
            return output.Get<float>(0).Span.ToArray();
    }
}
