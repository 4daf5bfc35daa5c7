using System;
using System.Collections.Generic;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;

namespace Cleave.TestKit.Catalog;

/// <summary>The models that are built here, seeded.</summary>
internal static class SyntheticCatalog
{
    private static readonly DimSample[] Batches = ["batch=1", "batch=5"];
    private static readonly DimSample[] Sequences = ["batch=1,sequence=16", "batch=3,sequence=7"];
    private static readonly DimSample[] Texts = ["batch=1,sequence=16", "batch=2,sequence=64"];

    private static readonly Dictionary<string, InputRange> Tokens = new()
    {
        ["input_ids"] = new(0, Bert.Vocabulary - 1),
        ["token_type_ids"] = new(0, 1),
        ["attention_mask"] = new(1, 1),
    };

    public static IReadOnlyList<CatalogModel> All { get; } =
    [
        .. Perceptrons(),
        .. Images(),
        .. Texting(),
        .. Sequential(),
        .. Graphs(),
        .. Batching(),
    ];

    private static CatalogModel[] Perceptrons() =>
    [
        Independent("mlp_8x512", () => Towers.One(8, 512), Batches),
        Independent("two_tower_8x256", () => Towers.Two(8, 256), Batches),
        Independent("two_tower_6x512", () => Towers.Two(6, 512), Batches) with { IsBig = true },
        Independent("two_tower_8x512", () => Towers.Two(8, 512), Batches) with { IsBig = true },
        Independent("eight_tower_4x512", () => Towers.Eight(4, 512), Batches) with { IsBig = true },
        Independent("experts_16x2x128", () => Towers.Experts(16, 2, 128), Batches),
    ];

    private static CatalogModel[] Images() =>
    [
        Independent("inception_v3", InceptionV3.Build, ["batch=1"]) with { IsBig = true },
        Independent("nasnet_224", () => new Nasnet(224, 44, 4).Build(), ["batch=1"]) with { IsBig = true },
        Independent("nasnet_small", () => new Nasnet(64, 16, 2).Build(), ["batch=1", "batch=2"]),
        Independent("siamese", Convolutional.Siamese, ["batch=1", "batch=3"]),
        Independent("residual", () => Convolutional.Residual(4, 64, 32), ["batch=1", "batch=3"]),
        Independent("qdq_cnn", () => new QuantisedCnn(32, 64).Build(), ["batch=1", "batch=3"]) with { Arithmetic = Arithmetic.Quantised },
        Model("detector", () => new Detector().Single(), [DimSample.Fixed]),
    ];

    private static CatalogModel[] Texting() =>
    [
        Encoder("bert_tiny", 2, 64, 4, () => new FloatProducts()),
        Encoder("bert_tiny_fp16", 2, 64, 4, () => new FloatProducts(), ElementType.Float16) with { Arithmetic = Arithmetic.Float16 },
        Encoder("bert_tiny_qdq", 2, 64, 4, () => new PairedProducts()) with { Arithmetic = Arithmetic.Quantised },
        Encoder("bert_tiny_dynamic", 2, 64, 4, () => new DynamicProducts()) with { Arithmetic = Arithmetic.Quantised, BatchDim = null },
        Encoder("bert_4x384", 4, 384, 6, () => new FloatProducts()) with { IsBig = true },
        Encoder("bert_4x384_fp16", 4, 384, 6, () => new FloatProducts(), ElementType.Float16) with { Arithmetic = Arithmetic.Float16, IsBig = true },
        Encoder("bert_4x384_qdq", 4, 384, 6, () => new PairedProducts()) with { Arithmetic = Arithmetic.Quantised, IsBig = true },
        Encoder("bert_4x384_dynamic", 4, 384, 6, () => new DynamicProducts()) with { Arithmetic = Arithmetic.Quantised, BatchDim = null, IsBig = true },
        Encoder("bert_6x768", 6, 768, 12, () => new FloatProducts()) with { IsBig = true },
    ];

    private static CatalogModel[] Sequential() =>
    [
        Independent("lstm_stacked", () => new Recurrent("LSTM", 2, 256).Stacked(), Sequences),
        Independent("lstm_bidirectional", () => new Recurrent("LSTM", 2, 256).Bidirectional(), Sequences),
        Independent("gru_stacked", () => new Recurrent("GRU", 2, 256).Stacked(), Sequences),
        Independent("gru_bidirectional", () => new Recurrent("GRU", 2, 256).Bidirectional(), Sequences),
        Independent("lstm_time_major", () => new Recurrent("LSTM", 1, 64).TimeMajor(), Sequences),
    ];

    private static CatalogModel[] Graphs() =>
    [
        Model("if_inside", ControlFlow.If, Batches) with { HasControlFlow = true },
        Independent("loop_inside", ControlFlow.Loop, Batches) with
        {
            HasControlFlow = true,
            Ranges = new Dictionary<string, InputRange> { ["rounds"] = new(4, 4) },
        },
        Independent("random_dag_5000", () => new RandomDag(5000, seed: 5).Build(), Batches) with { IsBig = true },
        Independent("random_dag_200", () => new RandomDag(200, seed: 9).Build(), Batches),
        Independent("chain", () => EdgeCases.Chain(12), Batches),
        Independent("one_node", EdgeCases.OneNode, Batches),
        Model("only_constants", EdgeCases.OnlyConstants, [DimSample.Fixed]),
        Independent("intermediate_output", EdgeCases.IntermediateOutput, Batches),
        Independent("passed_through", EdgeCases.PassedThrough, Batches),
        Independent("integers", EdgeCases.Integers, Batches) with
        {
            Arithmetic = Arithmetic.Integer,
            Ranges = new Dictionary<string, InputRange> { ["x"] = new(-1000, 1000) },
        },
    ];

    private static CatalogModel[] Batching() =>
    [
        Independent("batch_perceptron", BatchAxis.Perceptron, Batches),
        Independent("batch_round_trip", BatchAxis.RoundTrip, Batches),
        Model("batch_merged_detections", () => new Detector().Merged(), ["batch=1", "batch=3"]),
        Model("batch_similarity", BatchAxis.Similarity, Batches),
        Model("batch_dynamic_quantisation", BatchAxis.DynamicQuantisation, Batches) with { Arithmetic = Arithmetic.Quantised },
        Model("batch_centering", BatchAxis.Centering, ["batch=2", "batch=5"]),
        Model("batch_softmax", BatchAxis.SoftmaxOverBatch, ["batch=2", "batch=5"]),
        Model("batch_mixed_rows", BatchAxis.MixedRows, Batches),
        Model("batch_place", BatchAxis.PlaceInBatch, Batches),
    ];

    private static CatalogModel Encoder(string name, int layers, int width, int heads, Func<IProducts> products, ElementType floats = ElementType.Float) =>
        Independent(name, () => new Bert(layers, width, heads, products(), floats).Build(), Texts) with { Ranges = Tokens };

    private static CatalogModel Independent(string name, Func<ModelProto> build, DimSample[] samples) =>
        Model(name, build, samples) with { BatchDim = "batch" };

    private static CatalogModel Model(string name, Func<ModelProto> build, DimSample[] samples) =>
        new(name, folder => ModelCatalog.Save(folder, name, build().WriteTo)) { Samples = samples };
}
