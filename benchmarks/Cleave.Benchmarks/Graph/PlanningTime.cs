using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Graph;

/// <summary>Shape inference and passes on a graph of 5,000 nodes. Every compile pays for them, in a process that was just started.</summary>
internal sealed class PlanningTime : IFamily
{
    private const string What = "shape inference and passes on 5,000 nodes, first run in a fresh process";
    private const double Longest = 100;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string path = ModelCatalog.Get("random_dag_5000").Write(ModelCatalog.Folder);
        double[][] processes = [.. Enumerable.Range(0, options.Rounds(7)).Select(_ => Process(path))];
        double[] first = [.. processes.Select(p => p[0])], again = [.. processes.Select(p => p.Skip(1).Min())];
        double milliseconds = Statistics.Median(first);
        yield return Line.Of(
            What, "<= 100 ms", $"{milliseconds:0} ms ({first.Min():0} to {first.Max():0}); compiled already {Statistics.Median(again):0} ms",
            milliseconds <= Longest, processes);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name == "planning-time" ? new Planning(arguments[0]) : null;

    // The first run of a process, then some with every method compiled.
    private static double[] Process(string path)
    {
        using WorkerProcess worker = new(Interleaved.Host, "planning-time", path);
        return [.. worker.Block(5).Nanoseconds.Select(n => n / 1e6)];
    }

    private sealed class Planning : IWorkload
    {
        private readonly OnnxModel _model;

        public Planning(string path)
        {
            using ByteSource source = ByteSource.OpenFile(path);
            _model = ModelReader.Read(source, CancellationToken.None);
        }

        public void Block(double[] nanoseconds)
        {
            for (int i = 0; i < nanoseconds.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(_model));
                nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
                if (graph.Nodes.Count < 5000 || graph.Groups.Count == 0)
                    throw new InvalidDataException("The graph was not planned.");
            }
        }

        public void Dispose()
        {
        }
    }
}
