using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Clusters;

/// <summary>Planning a graph of 5,000 nodes for every core count, its shapes and groups known. Every compile pays for it, in a process that was just started.</summary>
internal sealed class SearchTime : IFamily
{
    private const string What = "planning 5,000 nodes for all core counts, first run in a fresh process";
    private const double Longest = 350;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string path = ModelCatalog.Get("random_dag_5000").Write(ModelCatalog.Folder);
        double[][] processes = [.. Enumerable.Range(0, options.Rounds(7)).Select(_ => Process(path))];
        double[] first = [.. processes.Select(p => p[0])], again = [.. processes.Select(p => p.Skip(1).Min())];
        double milliseconds = Statistics.Median(first);
        yield return Line.Of(
            What, "<= 350 ms", $"{milliseconds:0} ms ({first.Min():0} to {first.Max():0}); compiled already {Statistics.Median(again):0} ms",
            milliseconds <= Longest, processes);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name == "search-time" ? new Search(arguments[0]) : null;

    private static double[] Process(string path)
    {
        using WorkerProcess worker = new(Interleaved.Host, "search-time", path);
        return [.. worker.Block(5).Nanoseconds.Select(n => n / 1e6)];
    }

    private sealed class Search : IWorkload
    {
        private readonly PlanGraph _graph;

        public Search(string path)
        {
            using ByteSource source = ByteSource.OpenFile(path);
            OnnxModel model = ModelReader.Read(source, CancellationToken.None);
            _graph = PlanGraphBuilder.Build(ShapeInference.Infer(model));
        }

        public void Block(double[] nanoseconds)
        {
            for (int i = 0; i < nanoseconds.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                BudgetTable table = Planner.Plan(new SizedGraph(_graph, static _ => 1), new CostModel(DeviceTables.Baked), new PlanOptions());
                nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
                if (table.Rows.Count < 7)
                    throw new InvalidDataException("The graph was not planned.");
            }
        }

        public void Dispose()
        {
        }
    }
}
