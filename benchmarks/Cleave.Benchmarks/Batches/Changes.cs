using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Benchmarks.Harness;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using Google.Protobuf;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;

namespace Cleave.Benchmarks.Batches;

/// <summary>Changes while requests come: other weights, and other divisions of the batch. Nothing may be lost, come in the wrong order, or take long.</summary>
internal sealed class Changes : IFamily
{
    private const string Model = "mlp_8x512";
    private const string Target = "0 lost, 0 out of order, none over max(2 x p99, 50 ms)";
    private const int Reloads = 5;
    private const int Divisions = 20;
    private const int Clients = 4;
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public IEnumerable<Line> Measure(BenchOptions options) =>
        options.Has(Model) ? [Reloaded().GetAwaiter().GetResult(), Redivided().GetAwaiter().GetResult(), ExchangedSessions.Measure(Model).GetAwaiter().GetResult()] : [];

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static async Task<Line> Reloaded()
    {
        string[] files = [.. Enumerable.Range(0, Reloads + 1).Select(Retrained)];
        (Func<LooseRunner> create, RequestInputs inputs) = BenchWorkloads.Planned([files[0], "dbatch=1"], new RunnerOptions());
        float[] versions = [.. files.Select(f => SumOf(BenchWorkloads.Planned([f, "dbatch=1"], new RunnerOptions())))];
        if (versions.Distinct().Count() < versions.Length)
            throw new InvalidDataException("The answers do not say which weights they are of.");
        await using LooseRunner runner = create();
        UnderLoad load = new(runner, Clients) { Request = runner.NewRequest(inputs) };
        await load.During(() => Task.Delay(Steady));
        double usual = UnderLoad.Percentile99(await load.During(() => Task.Delay(Steady)));
        LoadAnswer[] answers = await load.During(async () =>
        {
            foreach (string file in files.Skip(1))
            {
                await runner.ReloadAsync(ModelSource.File(file));
                await Task.Delay(Pause);
            }
        });
        int wrong = answers.GroupBy(a => a.Client).Sum(client => OutOfOrder([.. client.Select(a => Nearest(versions, a.Sum))]));
        return Judge($"{Reloads} reloads under load, {Clients} clients: {Model}", usual, load.Lost, wrong, answers);
    }

    // Each size of the batch is divided into slices of its own.
    private static async Task<Line> Redivided()
    {
        string path = ModelCatalog.Get(Model).Write(ModelCatalog.Folder);
        (Func<LooseRunner> create, RequestInputs inputs) = BenchWorkloads.Planned([path, $"dbatch={Divisions + 1}"], new RunnerOptions { Dividing = DividingChoice.On });
        (Func<LooseRunner> Create, RequestInputs Inputs)[] planned =
            [.. Enumerable.Range(2, Divisions).Select(size => BenchWorkloads.Planned([path, string.Create(CultureInfo.InvariantCulture, $"dbatch={size}")], new RunnerOptions()))];
        float[] sums = [.. planned.Select(SumOf)];
        if (sums.Distinct().Count() < sums.Length)
            throw new InvalidDataException("The answers do not say which batch they are of.");
        await using LooseRunner runner = create();
        UnderLoad load = new(runner, clients: 1) { Request = runner.NewRequest(inputs) };
        await load.During(() => Task.Delay(Steady));
        double usual = UnderLoad.Percentile99(await load.During(() => Task.Delay(Steady)));
        long before = runner.Engine.Divider?.Divided ?? 0;
        LooseRequest[] requests = [.. planned.Select(p => runner.NewRequest(p.Inputs))];
        load.Request = requests[0];
        LoadAnswer[] answers = await load.During(async () =>
        {
            foreach (LooseRequest request in requests)
            {
                load.Request = request;
                await Task.Delay(Pause);
            }
        });
        return Judge(
            string.Create(CultureInfo.InvariantCulture, $"{Divisions} changes of the division under load, 1 client, batches of 2 to {Divisions + 1}, {(runner.Engine.Divider?.Divided ?? 0) - before} divided: {Model}"),
            usual, load.Lost, OutOfOrder([.. answers.Select(a => Nearest(sums, a.Sum))]), answers);
    }

    /// <summary>The row of the table.</summary>
    /// <param name="what">What was done.</param>
    /// <param name="usual">The p99 before, in milliseconds.</param>
    /// <param name="lost">Requests without an answer.</param>
    /// <param name="wrong">Answers that came in the wrong order.</param>
    /// <param name="answers">What came.</param>
    public static Line Judge(string what, double usual, int lost, int wrong, LoadAnswer[] answers)
    {
        double longest = answers.Max(a => a.Milliseconds), limit = Math.Max(2 * usual, 50);
        return Line.Of(what, Target, string.Create(CultureInfo.InvariantCulture,
            $"{answers.Length} answers, {lost} lost, {wrong} out of order, the longest took {longest:0.0} ms; p99 before: {usual:0.0} ms"),
            lost == 0 && wrong == 0 && longest <= limit, new { usual, lost, wrong, Milliseconds = answers.Select(a => a.Milliseconds).ToArray() });
    }

    /// <summary>How often a client got older weights, or an earlier request's answer, after newer ones.</summary>
    public static int OutOfOrder(int[] versions)
    {
        int wrong = 0;
        for (int i = 1; i < versions.Length; i++)
            wrong += versions[i] < versions[i - 1] ? 1 : 0;
        return wrong;
    }

    /// <summary>Which of the sums it is.</summary>
    public static int Nearest(float[] sums, float sum) => Enumerable.Range(0, sums.Length).MinBy(i => Math.Abs(sums[i] - sum));

    /// <summary>The sum of an answer.</summary>
    public static float SumOf((Func<LooseRunner> Create, RequestInputs Inputs) planned)
    {
        using LooseRunner runner = planned.Create();
        using LooseOutput output = runner.Run(runner.NewRequest(planned.Inputs));
        return UnderLoad.Sum(output);
    }

    // The last layer's numbers are 1, 1.5, 2, … times as large.
    private static string Retrained(int version) => ModelCatalog.Save(ModelCatalog.Folder, string.Create(CultureInfo.InvariantCulture, $"{Model}_version_{version}"), stream =>
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(ModelCatalog.Get(Model).Write(ModelCatalog.Folder)));
        NodeProto last = model.Graph.Node.Last(n => n.OpType is "MatMul" or "Gemm");
        TensorProto weight = model.Graph.Initializer.First(t => last.Input.Contains(t.Name) && t.Dims.Count == 2);
        float[] numbers = new float[weight.RawData.Length / sizeof(float)];
        Buffer.BlockCopy(weight.RawData.ToByteArray(), 0, numbers, 0, weight.RawData.Length);
        byte[] bytes = new byte[weight.RawData.Length];
        Buffer.BlockCopy(Array.ConvertAll(numbers, n => n * (1 + (version / 2f))), 0, bytes, 0, bytes.Length);
        weight.RawData = ByteString.CopyFrom(bytes);
        model.WriteTo(stream);
    });
}
