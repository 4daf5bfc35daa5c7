using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using Google.Protobuf;

namespace Cleave.Benchmarks.Placement;

/// <summary>
/// Four LSTM layers in eight time chunks on two lanes of one thread, as the runner runs them, against ONNX Runtime on the model as exported. Measured, on the CPU.
/// </summary>
internal sealed class Wavefront : IFamily
{
    private const int Layers = 4;
    private const int Chunks = 8;
    private const string TwoThreads = "2 threads";

    private static readonly (int Width, double OneThread, double TwoThreads)[] Rows = [(128, 1.5, 1.2), (256, 1.7, 0.95)];

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        foreach ((int width, double one, double two) in Rows)
        {
            string what = string.Create(CultureInfo.InvariantCulture, $"wavefront, {Layers}-layer LSTM of {width}, {RecurrentModels.Steps} steps, {Chunks} chunks, two lanes, against ");
            if (Contest.Cores < 2)
            {
                yield return Line.NotMeasured(what + "one thread", Target(one), "there is one core");
                continue;
            }
            (string whole, string chunked) = Write(width);
            Samples samples = Interleaved.Measure(Candidates(whole, chunked), options.Settings);
            Interval toOne = samples.Ratio(Contest.OneThread, Contest.Ours), toTwo = samples.Ratio(TwoThreads, Contest.Ours);
            yield return Line.Of(what + "one thread", Target(one), Text(toOne, samples, Contest.OneThread), toOne.Gains(one), samples);
            yield return Line.Of(what + "two intra-op threads", Target(two), Text(toTwo, samples, TwoThreads), toTwo.Gains(two), samples);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => Contest.CreateWorkload(name, arguments);

    private static IReadOnlyList<Candidate> Candidates(string whole, string chunked)
    {
        Cleave.Tool.Benching.BenchOptions inputs = new(new Dictionary<string, string>(), new Dictionary<string, string>(), Cleave.Tool.Benching.BenchOptions.DefaultThreads(2), Callers: [1], Rounds: null, Quick: false);
        IEnumerable<OrtConfiguration> sessions = OrtConfiguration.List(inputs.Threads, inputs.Callers);
        return
        [
            .. sessions.Where(c => c.Name is Contest.OneThread or TwoThreads).Select(c => BenchWorkloads.OfSession(c.Name, whole, inputs, c)),
            BenchWorkloads.OfRunner(Contest.Ours, chunked, inputs, cores: 2, callers: 1),
        ];
    }

    // The model, and the model taken apart, as files.
    private static (string Whole, string Chunked) Write(int width)
    {
        Directory.CreateDirectory(ModelCatalog.Folder);
        string name = string.Create(CultureInfo.InvariantCulture, $"lstm_{Layers}x{width}_{RecurrentModels.Steps}");
        string whole = Path.Combine(ModelCatalog.Folder, name + ".onnx"), chunked = Path.Combine(ModelCatalog.Folder, name + "_wavefront.onnx");
        byte[] bytes = new RecurrentModels("LSTM", Layers, width, IsBoth: false).Build().ToByteArray();
        File.WriteAllBytes(whole, bytes);
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        IReadOnlyList<RecurrentSplit> splits = RecurrentCandidates.Of(PlanGraphBuilder.Build(ShapeInference.Infer(model)), Chunks);
        OnnxModel rewritten = RecurrentRewriter.Apply(model, splits);
        SegmentRequest all = new("Whole", null, [.. model.Graph.Inputs.Select(i => i.Name)], [.. model.Graph.Outputs.Select(o => o.Name)]);
        File.WriteAllBytes(chunked, new SubModelWriter(rewritten, source, null).Write(all, WeightMode.Copy).Bytes);
        return (whole, chunked);
    }

    private static string Target(double gain) => string.Create(CultureInfo.InvariantCulture, $">= {gain}x as fast");

    private static string Text(Interval ratio, Samples samples, string other) => string.Create(CultureInfo.InvariantCulture,
        $"{ratio.AsRatio()} ({samples.Median(other) / 1e3:0.0} us with {other}, {samples.Median(Contest.Ours) / 1e3:0.0} us)");
}
