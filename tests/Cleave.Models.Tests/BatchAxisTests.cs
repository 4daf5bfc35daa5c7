using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;
using Cleave.Core.Shapes.Batch;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Generation;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using Xunit.Abstractions;

namespace Cleave.Models.Tests;

/// <summary>The batch axis of every model at hand: proven only where samples truly stay apart, which a run shows.</summary>
public class BatchAxisTests(ITestOutputHelper output)
{
    // Samples stay apart through this Loop, but control flow is not followed.
    private static readonly string[] NotProven = ["loop_inside"];

    public static TheoryData<string> Models => [.. ModelCatalog.All.Where(m => !m.IsBig).Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void Samples_together_give_what_they_give_alone(string name)
    {
        CatalogModel model = ModelCatalog.Get(name);
        string path = model.Write(ModelCatalog.Folder);
        OnnxModel read;
        using (ByteSource file = ByteSource.OpenFile(path))
            read = ModelReader.Read(file, CancellationToken.None);
        BatchProof proof = BatchAxis.Find(ShapeInference.Infer(read), [.. read.Graph.Outputs.Select(o => o.Name)]);
        output.WriteLine(proof.Holds ? "proven: " + proof.Dimension : "not proven: " + proof.Reason);
        if (!proof.Holds)
        {
            Assert.True(model.BatchDim is null || NotProven.Contains(name), "samples stay apart, but it is not proven: " + proof.Reason);
            Assert.NotEmpty(proof.Reason);
            return;
        }
        Assert.Equal(model.BatchDim, proof.Dimension);
        Assert.DoesNotContain(name, NotProven);
        Compare(model, path, proof, new DimSample(string.Join(",", model.Samples[^1].Sizes.Select(s => s.Key + "=" + (s.Key == proof.Dimension ? 3 : s.Value)))));
    }

    private static void Compare(CatalogModel model, string path, BatchProof proof, DimSample sample)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using InferenceSession session = new(path, options);
        IReadOnlyDictionary<string, TensorData> inputs = ModelInputs.Random(model, path, sample, seed: 7);
        Dictionary<string, TensorData> together = Run(session, inputs);
        for (int b = 0; b < 3; b++)
        {
            Dictionary<string, TensorData> alone = Run(session, inputs.ToDictionary(i => i.Key, i => Sample(i.Value, proof.InputAxes[i.Key], b)));
            foreach ((string name, int axis) in proof.OutputAxes)
                AssertNear(model, name, together[name], axis, b, alone[name]);
        }
    }

    private static Dictionary<string, TensorData> Run(InferenceSession session, IReadOnlyDictionary<string, TensorData> inputs)
    {
        Dictionary<string, OrtValue> values = inputs.ToDictionary(i => i.Key, i => i.Value.ToOrtValue());
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, values, session.OutputNames);
        Dictionary<string, TensorData> outputs = session.OutputNames.Zip(results).ToDictionary(r => r.First, r => r.Second.ToTensorData());
        foreach (OrtValue value in values.Values)
            value.Dispose();
        return outputs;
    }

    private static void AssertNear(CatalogModel model, string name, TensorData together, int axis, int sample, TensorData alone)
    {
        TensorData part = Sample(together, axis, sample);
        Assert.Equal(alone.Shape, part.Shape);
        double[] expected = Numbers(alone), actual = Numbers(part), all = Numbers(together);
        double range = Math.Max(1e-6, all.Max(Math.Abs));
        double limit = model.Arithmetic switch { Arithmetic.Integer => 0, Arithmetic.Float32 => 1e-5, Arithmetic.Float16 => 5e-3, _ => 0.03 };
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= limit * range, $"{name} of sample {sample} differs by {Math.Abs(expected[i] - actual[i]) / range:g3} of its range");
    }

    private static double[] Numbers(TensorData tensor) => tensor.Data switch
    {
        Half[] halves => [.. halves.Select(h => (double)h)],
        bool[] truths => [.. truths.Select(t => t ? 1.0 : 0)],
        Array data => [.. data.Cast<IConvertible>().Select(d => d.ToDouble(null))],
    };

    // One sample of a tensor: one place along an axis, which stays.
    private static TensorData Sample(TensorData tensor, int axis, int sample)
    {
        int before = tensor.Shape.Take(axis).Aggregate(1, (a, b) => a * b), after = tensor.Shape.Skip(axis + 1).Aggregate(1, (a, b) => a * b);
        Array data = Array.CreateInstance(tensor.Data.GetType().GetElementType()!, before * after);
        for (int i = 0; i < before; i++)
            Array.Copy(tensor.Data, (i * tensor.Shape[axis] + sample) * after, data, i * after, after);
        return new TensorData(data, [.. tensor.Shape.Select((d, a) => a == axis ? 1 : d)]);
    }
}
