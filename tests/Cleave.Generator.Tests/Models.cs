using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.TestKit.Generation;

namespace Cleave.Generator.Tests;

/// <summary>Models made by hand, as the task would list them.</summary>
internal static class Models
{
    public static ModelListing Listing(OnnxModel? model, string source = "models/bert.onnx") => new()
    {
        Options = new ListingOptions { Source = source, Path = "models/MyApp/" + source, Namespace = "MyApp" },
        Model = model,
    };

    public static ModelListing Listing(IReadOnlyList<ValueInfo> inputs, IReadOnlyList<ValueInfo> outputs, string source = "models/bert.onnx") =>
        Listing(Model(inputs, outputs), source);

    public static OnnxModel Model(IReadOnlyList<ValueInfo> inputs, IReadOnlyList<ValueInfo> outputs) => new()
    {
        IrVersion = 8,
        Opsets = [new OpsetImport("", 17)],
        Graph = new OnnxGraph { Inputs = inputs, Outputs = outputs },
    };

    /// <summary>The model of docs/generated-code.md.</summary>
    public static ModelListing Bert(string source = "models/bert.onnx") => Listing(
        new OnnxModel
        {
            IrVersion = 8,
            Opsets = [new OpsetImport("", 17), new OpsetImport("com.microsoft", 1)],
            ProducerName = "pytorch",
            ProducerVersion = "2.1",
            DocString = "Sentence embeddings.",
            Graph = new OnnxGraph
            {
                Inputs =
                [
                    Tensor("input_ids", ElementType.Int64, "batch", "sequence"),
                    Tensor("sr", ElementType.Int64),
                    Tensor("weight", ElementType.Float, 384, 384),
                ],
                Outputs = [Tensor("embedding", ElementType.Float, "batch", 384)],
                Initializers = [new TensorInfo("weight", ElementType.Float, [384, 384]) { ByteSize = 384 * 384 * 4 }],
                Nodes =
                [
                    Node("Gather", "a"), Node("MatMul", "b"), Node("MatMul", "c"), Node("Softmax", "d"), Node("Add", "e"), Node("Tanh", "embedding"),
                ],
            },
        },
        source);

    /// <summary>Two inputs, of which the chosen outputs need one; values inside with names as exporters make them.</summary>
    public static ModelListing Chosen(params string[] outputs)
    {
        ModelListing listing = Listing(
            new OnnxModel
            {
                IrVersion = 8,
                Opsets = [new OpsetImport("", 17)],
                Graph = new OnnxGraph
                {
                    Inputs = [Float("image", "batch", 3, "H", null), Float("mask", "batch", 1), Float("weight", 8, 8), Float("unused", 1000)],
                    Outputs = [Float("scores", "batch", 2), Float("boxes", "batch", 4)],
                    ValueInfos = [Float("/stages.2/block*/\u202eOutput", "batch", "other", null), Tensor("complex", ElementType.Complex64, 1)],
                    Initializers =
                    [
                        new TensorInfo("weight", ElementType.Float, [8, 8]) { ByteSize = 8 * 8 * 4 },
                        new TensorInfo("unused", ElementType.Float, [1000]) { ByteSize = 1000 * 4 },
                    ],
                    Nodes =
                    [
                        new Node("", "MaxPool", "", ["image"], ["/backbone/pool/output_0"], [Ints("kernel_shape", 3, 3), Ints("strides", 2, 2)]),
                        new Node("", "Custom", "my", ["mask", "unused"], ["masked"], []),
                        new Node("", "Custom", "my", ["/backbone/pool/output_0", "weight"], ["/stages.2/block*/\u202eOutput"], []),
                        new Node("", "Custom", "my", ["masked", "/backbone/pool/output_0"], ["boxes"], []),
                        new Node("", "Custom", "my", ["/stages.2/block*/\u202eOutput"], ["scores"], []),
                        new Node("", "Custom", "my", ["image"], ["complex"], []),
                    ],
                },
            },
            "models/face.onnx");
        return listing with { Options = listing.Options with { Outputs = outputs } };
    }

    private static NodeAttribute Ints(string name, params long[] values) => new(name, AttributeKind.Ints) { Ints = values };

    /// <summary>Dimensions: a number, a name, or null.</summary>
    public static ValueInfo Tensor(string name, ElementType element, params object?[] shape) =>
        new(name, new OnnxType.Tensor(element, [.. shape.Select(Dim)]));

    public static ValueInfo Float(string name, params object?[] shape) => Tensor(name, ElementType.Float, shape);

    public static ValueInfo AnyShape(string name) => new(name, new OnnxType.Tensor(ElementType.Float, null));

    public static Node Node(string op, string output) => new("", op, "", [], [output], []);

    /// <summary>The listing of an item with other metadata.</summary>
    public static ModelListing With(ModelListing listing, string metadata, string value) => listing with
    {
        Options = metadata switch
        {
            "Namespace" => listing.Options with { Namespace = value },
            "ClassName" => listing.Options with { ClassName = value },
            "Access" => listing.Options with { Access = value },
            "Slicing" => listing.Options with { Slicing = value },
            "Plan" => listing.Options with { Plan = value },
            "Dims" => listing.Options with { Dims = value },
            "Validate" => listing.Options with { Validate = value },
            "MaxSlowdown" => listing.Options with { MaxSlowdown = value },
            "Weights" => listing.Options with { Weights = value },
            _ => listing.Options with { Settings = [new(metadata, value)] },
        },
    };

    /// <summary>A marked file with the listing.</summary>
    public static BuildFile File(ModelListing listing, string key = "model") =>
        new("/project/obj/cleave/" + key + ".graph", Compiling.Text(listing));

    private static Dimension Dim(object? dim) => dim switch
    {
        null => Dimension.Unknown,
        string name => Dimension.Named(name),
        _ => Dimension.Fixed(Convert.ToInt64(dim, CultureInfo.InvariantCulture)),
    };
}
