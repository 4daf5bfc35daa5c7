using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Batch;

/// <summary>Which operators keep samples apart, and how. An operator that stands in no list mixes them.</summary>
internal static class BatchRules
{
    private const string Microsoft = "com.microsoft";

    private static readonly Dictionary<(string, string), Func<BatchNode, int, BatchState>> Rules = Collect();

    /// <summary>Whether a node gives the same for the same inputs, so far as is known; so must all nodes in its bodies.</summary>
    public static bool IsDeterministic(BatchNode node, HashSet<(string, string)> functions) =>
        IsDeterministic(node.Node, functions) && !(node.Node.OpType == "Dropout" && BatchElements.MayTrain(node));

    private static bool IsDeterministic(Node node, HashSet<(string, string)> functions)
    {
        // What a function of the model does is not looked at, whatever its name.
        if (node.Domain is not ("" or Microsoft or "ai.onnx.ml") || functions.Contains((node.Domain, node.OpType)))
            return false;
        if (node.OpType is "RandomNormal" or "RandomNormalLike" or "RandomUniform" or "RandomUniformLike" or "Bernoulli" or "Multinomial"
            or "BiasDropout" or "BitmaskDropout" or "BitmaskBiasDropout" or "Sampling")
            return false;
        foreach (NodeAttribute attribute in node.Attributes)
        {
            foreach (OnnxGraph body in attribute.Graphs)
            {
                foreach (Node inner in body.Nodes)
                {
                    bool mayTrain = inner.OpType == "Dropout" && (BatchElements.IsSaidToTrain(inner) || (inner.Inputs.Length > 2 && inner.Inputs[2].Length > 0));
                    if (mayTrain || !IsDeterministic(inner, functions))
                        return false;
                }
            }
        }
        return true;
    }

    public static BatchState Apply(BatchNode node, int output)
    {
        Node of = node.Node;
        if (Array.Exists(of.Attributes, a => a.Graphs.Length > 0))
            return node.Mixed("is control flow, through which samples are not followed");
        if (Rules.TryGetValue((of.Domain, of.OpType), out Func<BatchNode, int, BatchState>? rule))
            return rule(node, output);
        return of.OpType switch
        {
            "DynamicQuantizeLinear" or "DynamicQuantizeMatMul" or "DynamicQuantizeLSTM" =>
                node.Mixed("mixes samples: it takes one scale for the whole batch"),
            "NonZero" or "NonMaxSuppression" or "Unique" or "Compress" => node.Mixed("mixes samples: what it finds in all of them is one list"),
            "Range" => node.Mixed("counts the samples"),
            _ => node.Mixed("is not known to keep samples apart"),
        };
    }

    private static Dictionary<(string, string), Func<BatchNode, int, BatchState>> Collect()
    {
        Dictionary<(string, string), Func<BatchNode, int, BatchState>> rules = [];
        Add("", BatchElements.Each, BatchElements.Single);
        Add(Microsoft, BatchElements.Each, "Gelu", "FastGelu", "QuickGelu", "BiasGelu", "QLinearSigmoid", "QLinearLeakyRelu", "QuantizeLinear", "DequantizeLinear");
        Add("", BatchElements.Joined, BatchElements.Several);
        Add(Microsoft, BatchElements.Joined, "BiasAdd");
        Add(Microsoft, (n, _) => BatchElements.Join(n, 0, 3), "QLinearAdd", "QLinearMul");
        Add("", BatchElements.Dropout, "Dropout");
        Add("", BatchPlaces.FirstAxis, BatchPlaces.OnFirstAxis);
        Add(Microsoft, BatchPlaces.FirstAxis, "QLinearGlobalAveragePool", "QLinearAveragePool", "NhwcMaxPool", "QLinearConv");
        Add("", BatchPlaces.Pooled, "MaxPool");
        Add("", BatchPlaces.BatchNormalization, "BatchNormalization");
        Add("", BatchPlaces.Paired, "GridSample");
        Add("", BatchProducts.MatMul, "MatMul", "MatMulInteger");
        Add(Microsoft, BatchProducts.MatMul, "MatMulIntegerToFloat", "MatMulInteger16");
        Add(Microsoft, BatchProducts.FusedMatMul, "FusedMatMul", "TransposeMatMul");
        Add("", BatchProducts.Quantised, "QLinearMatMul");
        Add(Microsoft, BatchProducts.Packed, "MatMulNBits");
        Add("", BatchProducts.Gemm, "Gemm");
        Add(Microsoft, BatchProducts.Gemm, "FusedGemm");
        Add("", BatchProducts.Einsum, "Einsum");
        Add("", BatchAxes.Softmax, "Softmax", "LogSoftmax", "Hardmax");
        Add("", BatchAxes.LayerNormalization, "LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization");
        Add(Microsoft, BatchAxes.LayerNormalization, "SimplifiedLayerNormalization");
        Add(Microsoft, BatchAxes.SkipNormalization, "SkipLayerNormalization", "SkipSimplifiedLayerNormalization");
        Add("", BatchAxes.Reduce, "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare");
        Add("", BatchAxes.ReduceOne, "ArgMax", "ArgMin");
        Add("", (n, _) => BatchAxes.Along(n, n.Int("axis", -1)), "TopK", "LpNormalization");
        Add("", (n, _) => n.Numbers(1) is { Length: 1 } axis ? BatchAxes.Along(n, axis[0]) : n.Mixed("sums along an axis that is not known"), "CumSum");
        Add("", BatchAxes.Recurrent, "LSTM", "GRU", "RNN");
        Add("", BatchMovement.Transpose, "Transpose");
        Add("", BatchMovement.Reshape, "Reshape", "Flatten", "Squeeze", "Unsqueeze");
        Add("", BatchMovement.Expand, "Expand");
        Add("", BatchMovement.Tile, "Tile");
        Add("", BatchMovement.ConstantOfShape, "ConstantOfShape");
        Add("", (n, _) => n.In(0).IsPerSample && n.Shape(0) != null ? BatchState.Sizes : n.Mixed("measures what is not known"), "Shape");
        Add("", BatchMovement.Concat, "Concat");
        Add("", (n, _) => n.OthersAreIndependent(1) ? BatchAxes.Along(n, n.Int("axis", 0), 1) : n.Mixed("is split by what it computes"), "Split");
        Add("", BatchMovement.Slice, "Slice");
        Add("", BatchMovement.Pad, "Pad");
        Add("", BatchMovement.Resize, "Resize", "Upsample");
        Add("", BatchMovement.Trilu, "Trilu");
        Add("", BatchMovement.Gather, "Gather");
        Add("", BatchMovement.GatherElements, "GatherElements", "ScatterElements");
        Add("", BatchMovement.GatherNd, "GatherND");
        Add("", BatchMovement.OneHot, "OneHot");
        return rules;

        void Add(string domain, Func<BatchNode, int, BatchState> rule, params string[] opTypes)
        {
            foreach (string opType in opTypes)
                rules[(domain, opType)] = rule;
        }
    }
}
