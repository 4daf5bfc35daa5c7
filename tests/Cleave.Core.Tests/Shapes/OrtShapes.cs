using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Shapes;
using Cleave.Core.Tests.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>Compares what is inferred of every value with what ONNX Runtime computes.</summary>
internal static class OrtShapes
{
    /// <summary>
    /// Runs the model for each set of sizes, and compares the shape and, where it is followed, the content of every value.
    /// Returns how many dimensions were not known.
    /// </summary>
    public static int Agree(ModelProto model, params Dictionary<string, int>[] sizes)
    {
        GraphFacts facts = Infer.Facts(model);
        GraphFacts again = ShapeInference.Infer(Infer.FromListing(Infer.Read(model)));
        ModelProto all = model.Clone();
        all.Graph.Output.Clear();
        foreach (string name in model.Graph.Node.SelectMany(n => n.Output).Where(o => o.Length > 0))
        {
            all.Graph.Output.Add(new ValueInfoProto { Name = name });
            Assert.Equal(Text(facts.Of(name)), Text(again.Of(name)));
        }
        using SessionOptions options = new() { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using InferenceSession session = new(all.ToByteArray(), options);
        Dictionary<string, ValueInfoProto> inputs = model.Graph.Input.ToDictionary(i => i.Name);
        int unknown = 0;
        foreach (Dictionary<string, int> at in sizes)
        {
            Dictionary<string, NamedOnnxValue> given = Ort.RandomInputs(session, 1, (name, axis) => at[inputs[name].Type.TensorType.Shape.Dim[axis].DimParam]);
            using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run(given.Values);
            foreach (DisposableNamedOnnxValue result in results)
                unknown += Compare(result, facts.Of(result.Name), n => at.TryGetValue(n, out int size) ? size : null);
        }
        return unknown;
    }

    public static Dictionary<string, int> At(params (string Name, int Size)[] sizes) => sizes.ToDictionary(s => s.Name, s => s.Size);

    private static int Compare(DisposableNamedOnnxValue result, ValueFacts facts, Func<string, long?> sizes)
    {
        (int[] dims, string[] elements, Core.Graph.ElementType type) = Read(result);
        Assert.Equal(type, facts.Element);
        Assert.True(facts.Shape is null || facts.Shape.Length == dims.Length, $"{result.Name} has {dims.Length} dimensions, inferred was {facts}");
        int unknown = facts.Shape is null ? 1 : 0;
        for (int i = 0; i < facts.Shape?.Length; i++)
        {
            long? inferred = facts.Shape[i].Evaluate(sizes);
            Assert.True(inferred is null || inferred == dims[i], $"{result.Name} is [{string.Join(",", dims)}], inferred was {facts}");
            unknown += inferred is null ? 1 : 0;
        }
        for (int i = 0; i < facts.Content?.Length; i++)
        {
            if (facts.Content[i].Evaluate(sizes) is { } number)
                Assert.True(number.ToString(CultureInfo.InvariantCulture) == elements[i], $"{result.Name} is {string.Join(",", elements)}, inferred was {string.Join<Dim>(",", facts.Content)}");
        }
        for (int i = 0; i < facts.Floats?.Length; i++)
            Assert.Equal(facts.Floats[i].ToString(CultureInfo.InvariantCulture), elements[i]);
        return unknown;
    }

    private static (int[] Dims, string[] Elements, Core.Graph.ElementType Type) Read(DisposableNamedOnnxValue value) => value.Value switch
    {
        Microsoft.ML.OnnxRuntime.Tensors.Tensor<long> t => (t.Dimensions.ToArray(), Texts(t), Core.Graph.ElementType.Int64),
        Microsoft.ML.OnnxRuntime.Tensors.Tensor<int> t => (t.Dimensions.ToArray(), Texts(t), Core.Graph.ElementType.Int32),
        Microsoft.ML.OnnxRuntime.Tensors.Tensor<bool> t => (t.Dimensions.ToArray(), [.. t.Select(b => b ? "1" : "0")], Core.Graph.ElementType.Bool),
        Microsoft.ML.OnnxRuntime.Tensors.Tensor<float> t => (t.Dimensions.ToArray(), Texts(t), Core.Graph.ElementType.Float),
        _ => throw new NotSupportedException(value.Value.GetType().ToString()),
    };

    private static string[] Texts<T>(IEnumerable<T> elements) => [.. elements.Select(e => Convert.ToString(e, CultureInfo.InvariantCulture)!)];

    // Numbers of unknowns may differ.
    private static string Text(ValueFacts facts) =>
        facts + " " + (facts.Content is { } content ? string.Join(",", content.Select(d => d.IsKnown ? d.ToString() : "?")) : "") + (facts.Floats is { } floats ? string.Join(",", floats) : "");
}
