using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Ensembles;
using Cleave.Tool.Measuring;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Ensembles;

/// <summary>Why one has ensembles: five small trained classifiers against the mean of them, on points that none has seen; by ONNX Runtime alone, as an oracle.</summary>
internal sealed class EnsembleAccuracy : IFamily
{
    private const int Members = 5;
    private const int Points = 20_000;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string folder = Directory.CreateDirectory(Path.Combine(ModelCatalog.Folder, "ensembles", "spirals")).FullName;
        (float[] points, int[] labels) = SpiralClassifiers.Draw(2, Points);
        float[] mean = new float[3 * Points];
        List<double> alone = [];
        for (int m = 1; m <= Members; m++)
        {
            string path = Path.Combine(folder, "spiral" + m.ToString(CultureInfo.InvariantCulture) + ".onnx");
            File.WriteAllBytes(path, SpiralClassifiers.Member((ulong)m).ToByteArray());
            using InferenceSession session = new(path);
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(points, [Points, 2]);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["points"], [input], ["scores"]);
            ReadOnlySpan<float> scores = outputs[0].GetTensorDataAsSpan<float>();
            alone.Add(SpiralClassifiers.Accuracy(scores, labels));
            for (int i = 0; i < mean.Length; i++)
                mean[i] += scores[i];
        }
        double together = SpiralClassifiers.Accuracy(mean, labels);
        yield return Line.Of($"{Members} classifiers of three spirals: right answers of the mean against those of each member", "more than the best by 1 %",
            string.Create(CultureInfo.InvariantCulture, $"{together * 100:0.0} % against {string.Join(", ", alone.Select(a => (a * 100).ToString("0.0", CultureInfo.InvariantCulture)))} %"),
            together > alone.Max() + 0.01, new { together, alone });
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;
}
