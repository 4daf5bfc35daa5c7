using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Precision;

/// <summary>What <c>cleave quantize</c> itself takes, in a process of its own: time, and the most memory that the process holds at once.</summary>
internal sealed class QuantizeCost : IFamily
{
    private const string Model = "bert_6x768";
    private const string Dims = "batch=1,sequence=32";
    private const string Workload = "quantize-cost";
    private const double MostMinutes = 3;
    private const double MostWeights = 3;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (!options.Has(Model) || options.Quick)
            yield break;
        CatalogModel model = ModelCatalog.Get(Model);
        double weights = new FileInfo(model.Write(ModelCatalog.Folder)).Length;
        using WorkerProcess worker = new(Interleaved.Host, Workload, Model, Dims);
        TimeSpan time = TimeSpan.FromMicroseconds(worker.Block(1).Nanoseconds[0] / 1000);
        double peak = worker.PeakMemory();
        yield return Line.Of($"cleave quantize: time: {Model} {Dims}", string.Create(CultureInfo.InvariantCulture, $"<= {MostMinutes} min"),
            string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.00} min"), time.TotalMinutes <= MostMinutes, new { time.TotalSeconds });
        yield return Line.Of($"cleave quantize: most memory of the process over the model's file: {Model} {Dims}", string.Create(CultureInfo.InvariantCulture, $"<= {MostWeights}x"),
            string.Create(CultureInfo.InvariantCulture, $"{peak / weights:0.00}x ({peak / 1e6:0} MB of {weights / 1e6:0} MB)"), peak <= MostWeights * weights, new { peak, weights });
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name == Workload ? new Quantising(ModelCatalog.Get(arguments[0]), arguments[1]) : null;

    private sealed class Quantising(CatalogModel model, string dims) : IWorkload
    {
        public void Block(double[] nanoseconds)
        {
            for (int i = 0; i < nanoseconds.Length; i++)
            {
                long began = Stopwatch.GetTimestamp();
                PrecisionCase.Make(model, dims, leastGain: 0);
                nanoseconds[i] = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
            }
        }

        public void Dispose()
        {
        }
    }
}
