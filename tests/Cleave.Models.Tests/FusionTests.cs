using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Models.Tests;

/// <summary>The synthetic models are written as exporters write them: ONNX Runtime finds its fused operators in them.</summary>
public sealed class FusionTests
{
    [Theory]
    [InlineData("bert_tiny", "LayerNormalization", "BiasGelu", "FusedMatMul")]
    [InlineData("bert_tiny_fp16", "LayerNormalization")]
    [InlineData("bert_tiny_qdq", "MatMulIntegerToFloat", "QLinearMatMul", "LayerNormalization")]
    [InlineData("bert_tiny_dynamic", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "LayerNormalization")]
    [InlineData("qdq_cnn", "QLinearConv", "QLinearAdd", "QGemm", "QLinearGlobalAveragePool")]
    [InlineData("nasnet_small", "FusedConv")]
    [InlineData("siamese", "FusedConv")]
    [InlineData("two_tower_8x256", "FusedGemm")]
    public void Fused_operators_are_found(string model, params string[] expected)
    {
        IEnumerable<string> operators = Optimised(model, GraphOptimizationLevel.ORT_ENABLE_EXTENDED).Node.Select(n => n.OpType);
        Assert.All(expected, op => Assert.Contains(op, operators));
    }

    /// <summary>The point of the residual model: its additions go into the convolutions, though only with all optimisations.</summary>
    [Fact]
    public void Convolutions_take_in_the_residual_additions_with_all_optimisations()
    {
        Assert.Equal(4, Optimised("residual", GraphOptimizationLevel.ORT_ENABLE_EXTENDED).Node.Count(n => n.OpType == "Add"));
        Assert.Equal(0, Optimised("residual", GraphOptimizationLevel.ORT_ENABLE_ALL).Node.Count(n => n.OpType == "Add"));
    }

    private static GraphProto Optimised(string name, GraphOptimizationLevel level)
    {
        using TempFolder folder = new();
        using SessionOptions options = new()
        {
            IntraOpNumThreads = 1,
            GraphOptimizationLevel = level,
            OptimizedModelFilePath = Path.Combine(folder.Path, "optimised.onnx"),
            // It warns that the file it writes is for this machine.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        new InferenceSession(ModelCatalog.Get(name).Write(folder.Path), options).Dispose();
        return ModelProto.Parser.ParseFrom(File.ReadAllBytes(options.OptimizedModelFilePath)).Graph;
    }
}
