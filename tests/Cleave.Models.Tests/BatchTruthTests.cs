using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Generation;
using Xunit;
using Xunit.Abstractions;

namespace Cleave.Models.Tests;

/// <summary>What the catalog says of batches is true: samples together give what they give one by one, or they do not.</summary>
public sealed class BatchTruthTests(ITestOutputHelper output)
{
    private const string Batch = "batch";
    private const int Samples = 5;

    public static TheoryData<string> Independent => Names(apart: true);

    public static TheoryData<string> Dependent => Names(apart: false);

    [Theory]
    [MemberData(nameof(Independent))]
    public void Samples_stay_apart(string name)
    {
        CatalogModel model = ModelCatalog.Get(name);
        // fp16 rounds and eight bits step differently where sums are added up in another order.
        double tolerance = model.Arithmetic switch { Arithmetic.Float16 => 5e-3, Arithmetic.Quantised => 0.1, _ => 1e-5 };
        Assert.InRange(Difference(model), 0, tolerance);
    }

    [Theory]
    [MemberData(nameof(Dependent))]
    public void Samples_depend_on_their_neighbours(string name) =>
        Assert.InRange(Difference(ModelCatalog.Get(name)), 1e-4, double.PositiveInfinity);

    private static TheoryData<string> Names(bool apart) =>
        [.. ModelCatalog.All.Where(m => !m.IsShared && !m.IsBig && m.Samples[0].Sizes.ContainsKey(Batch) && m.BatchDim == Batch == apart).Select(m => m.Name)];

    // The largest, relative to the output's range; infinite where the shapes do not even fit.
    private double Difference(CatalogModel model)
    {
        using TempFolder folder = new();
        string path = model.Write(folder.Path);
        OnnxGraph graph;
        using (ByteSource file = ByteSource.OpenFile(path))
            graph = ModelReader.Read(file, CancellationToken.None).Graph;
        using OrtReference session = new(path);
        DimSample sample = new(string.Join(',', model.Samples[0].Sizes.Select(s => s.Key + "=" + (s.Key == Batch ? Samples : s.Value))));
        IReadOnlyDictionary<string, TensorData> inputs = ModelInputs.Random(model, path, sample, seed: 21);
        IReadOnlyDictionary<string, TensorData> together = session.Run(inputs);
        double largest = 0;
        for (int i = 0; i < Samples; i++)
        {
            IReadOnlyDictionary<string, TensorData> alone = session.Run(graph.Inputs.ToDictionary(v => v.Name, v => Take(inputs[v.Name], Axis(v), i)));
            foreach (ValueInfo value in graph.Outputs)
                largest = Math.Max(largest, Difference(together[value.Name], alone[value.Name], Axis(value), i));
        }
        output.WriteLine(FormattableString.Invariant($"{model.Name}: {largest:g3}"));
        return largest;
    }

    private static double Difference(TensorData together, TensorData alone, int axis, int sample)
    {
        if (axis < 0 || together.Shape[axis] != Samples)
            return double.PositiveInfinity;
        TensorData part = Take(together, axis, sample);
        if (!part.Shape.SequenceEqual(alone.Shape))
            return double.PositiveInfinity;
        double[] expected = Numbers(alone), actual = Numbers(part);
        double range = Math.Max(Numbers(together).Max(Math.Abs), double.Epsilon);
        return expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max() / range;
    }

    private static double[] Numbers(TensorData tensor) => [.. tensor.Data.Cast<object>().Select(v => v is Half half ? (double)half : Convert.ToDouble(v))];

    private static int Axis(ValueInfo value) =>
        Array.FindIndex(((OnnxType.Tensor)value.Type).Shape!, d => d.Name == Batch);

    // One sample, its axis kept; a value without the axis as it is.
    private static TensorData Take(TensorData tensor, int axis, int sample)
    {
        if (axis < 0)
            return tensor;
        int inner = tensor.Shape[(axis + 1)..].Aggregate(1, (a, b) => a * b), outer = tensor.Shape[..axis].Aggregate(1, (a, b) => a * b);
        Array data = Array.CreateInstance(tensor.Data.GetType().GetElementType()!, outer * inner);
        for (int i = 0; i < outer; i++)
            Array.Copy(tensor.Data, ((i * tensor.Shape[axis]) + sample) * inner, data, i * inner, inner);
        return new TensorData(data, [.. tensor.Shape.Select((size, a) => a == axis ? 1 : size)]);
    }
}
