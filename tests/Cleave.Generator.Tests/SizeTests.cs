using System;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Generator.Emit;
using Cleave.Generator.Model;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>Large models yield correct code; how fast is measured by the benchmarks.</summary>
public class SizeTests
{
    [Fact]
    public void A_model_with_200_inputs_and_200_outputs()
    {
        ValueInfo[] inputs = [.. Enumerable.Range(0, 200).Select(i => Models.Float("input." + i, "batch", i, null))];
        ValueInfo[] outputs = [.. Enumerable.Range(0, 200).Select(i => Models.Float("output." + i, "batch", "n" + i))];
        Generated generated = GeneratorHost.Run(Models.File(Models.Listing(inputs, outputs))).Compiles();
        Assert.Equal(401, generated.Members("MyApp.BertInput").Length);
        Assert.Equal(201, generated.Members("MyApp.BertOutput").Length);
        Assert.Equal(400, generated.Members("MyApp.BertCall").Length);
    }

    [Fact]
    public void A_model_with_5000_nodes()
    {
        Generated generated = GeneratorHost.Run(Models.File(Large(5000))).Compiles();
        Assert.Contains("// 5000 nodes: 2500 Conv, 2500 Relu", generated.Source("MyApp.BertRunner.Plan.g.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_thousand_inputs_whose_names_become_the_same()
    {
        ValueInfo[] inputs = [.. Enumerable.Range(0, 10_000).Select(i => Models.Float("x" + new string('-', i % 100) + "é" + new string('.', i / 100), 1))];
        // What is written for many inputs, the first test compiles.
        RunnerSpec spec = SpecBuilder.Build(Models.Listing(inputs, [Models.Float("y", 1)]), "models/bert.onnx", "MyApp", [])!;
        Assert.Equal(10_000, spec.Inputs.Count);
        Assert.Equal(10_000, spec.Inputs.Select(i => i.Property).Distinct().Count());
        Assert.Equal(10_000, spec.Inputs.Select(i => i.Field).Distinct().Count());
    }

    [Theory]
    [InlineData(0.004)]
    [InlineData(1e15)]
    [InlineData(1.8e19)]
    [InlineData(1e20)]
    [InlineData(double.MaxValue)]
    public void A_prediction_of_any_length_is_a_number_in_the_code(double microseconds)
    {
        RunnerGenerator generator = new(ListingReader.Read, spec => RunnerEmitter.Emit(spec with { Times = new([new CallTimeSpec(1, 1, new([microseconds]))]) }));
        GeneratorHost.Run(generator, GeneratorHost.Options, [], Models.File(Models.Bert())).Compiles();
    }

    internal static ModelListing Large(int nodes) => Models.Listing(new OnnxModel
    {
        IrVersion = 8,
        Opsets = [new OpsetImport("", 17)],
        Graph = new OnnxGraph
        {
            Inputs = [Models.Float("v0", 1, 3, 224, 224)],
            Outputs = [Models.Float("v" + nodes, 1, 3, 224, 224)],
            Initializers = [.. Enumerable.Range(0, nodes / 2).Select(i => new TensorInfo("w" + i, ElementType.Float, [3, 3, 3, 3]) { ByteSize = 324 })],
            Nodes =
            [
                .. Enumerable.Range(0, nodes).Select(i => i % 2 == 0
                    ? new Node("/backbone/layer" + i + "/Conv", "Conv", "", ["v" + i, "w" + (i / 2)], ["v" + (i + 1)],
                    [
                        new NodeAttribute("dilations", AttributeKind.Ints) { Ints = [1, 1] },
                        new NodeAttribute("group", AttributeKind.Int) { Ints = [1] },
                        new NodeAttribute("kernel_shape", AttributeKind.Ints) { Ints = [3, 3] },
                        new NodeAttribute("pads", AttributeKind.Ints) { Ints = [1, 1, 1, 1] },
                        new NodeAttribute("strides", AttributeKind.Ints) { Ints = [1, 1] },
                    ])
                    : new Node("/backbone/layer" + i + "/Relu", "Relu", "", ["v" + i], ["v" + (i + 1)], [])),
            ],
        },
    });
}
