using System;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Passes;

namespace Cleave.Core.Placement;

/// <summary>
/// What ONNX Runtime's CUDA provider is taken to run: what it has kernels for (<see cref="CudaKernels"/>), in a form that it does not refuse. Everything else stays on the CPU:
/// with one node that the provider lacks, a segment does not open there. Operators that ONNX Runtime moves to the CPU anyway, those on shapes, stay there too.
/// </summary>
internal static class CudaOperators
{
    /// <summary>Whether all nodes of a group can run there.</summary>
    public static bool CanRun(PlanGraph graph, FusionGroup group)
    {
        long operatorSet = graph.Model.Opsets.LastOrDefault(static o => o.Domain.Length == 0)?.Version ?? 0;
        return group.Nodes.All(n => CanRun(graph, graph.Nodes[n], operatorSet));
    }

    private static bool CanRun(PlanGraph graph, Node node, long operatorSet) =>
        node.Domain.Length == 0 && HasForm(node) && CudaKernels.Serves(node, operatorSet, v => graph.Facts.Of(v).Element)
        && node.Outputs.Any(o => o.Length > 0 && graph.Facts.Of(o).Content is null);

    // Forms of operators that the provider refuses when it is asked what it can run (cuda_execution_provider.cc, GetCapability).
    private static bool HasForm(Node node) => node.OpType switch
    {
        "LSTM" or "GRU" or "RNN" => IsOfCudnn(node),
        "ConvTranspose" => IsPaddedEvenly(node),
        "ArgMax" or "ArgMin" => node.Int("select_last_index", 0) == 0,
        _ => true,
    };

    // Where the padding follows from the sizes (SAME_UPPER, SAME_LOWER) it may be uneven, and the provider does not wait to see.
    private static bool IsPaddedEvenly(Node node)
    {
        long[] pads = node.Attribute("pads")?.Ints ?? [];
        return node.Attribute("auto_pad")?.Strings is not [{ Text: "SAME_UPPER" or "SAME_LOWER" }]
            && pads.Take(pads.Length / 2).SequenceEqual(pads.Skip(pads.Length / 2));
    }

    // Of recurrent layers cuDNN has the plain ones: ONNX Runtime runs others on the CPU (RNNNeedFallbackToCPU).
    private static bool IsOfCudnn(Node node)
    {
        if (node.Attribute("activation_alpha") != null || node.Attribute("activation_beta") != null || node.Attribute("clip") != null)
            return false;
        string[] plain = node.OpType switch { "LSTM" => ["sigmoid", "tanh", "tanh"], "GRU" => ["sigmoid", "tanh"], _ => ["tanh"] };
        AttributeText[] activations = node.Attribute("activations")?.Strings ?? [];
        for (int i = 0; i < activations.Length; i++)
        {
            if (!plain[i % plain.Length].Equals(activations[i].Text, StringComparison.OrdinalIgnoreCase))
                return false;
        }
        return node.OpType switch
        {
            "LSTM" => node.Int("input_forget", 0) == 0 && RecurrentNode.Input(node, RecurrentNode.Peepholes).Length == 0,
            // Left out it is 0, which cuDNN has not.
            "GRU" => node.Int("linear_before_reset", 0) == 1,
            _ => true,
        };
    }
}
