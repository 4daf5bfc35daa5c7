namespace Cleave.Core.Passes;

/// <summary>
/// Nodes that ONNX Runtime makes one operator of, or a region with one entry and one exit whose parallelism is worth no lane.
/// A graph is cut between groups, never inside one.
/// </summary>
/// <param name="Kind">
/// What ONNX Runtime makes of it: "Node" for a single one, the fused operator ("Conv", "ConvActivation", "ConvAddActivation", "Gemm",
/// "GemmActivation", "FusedMatMul", "LayerNormalization", "Gelu", …), "Quantized" for an operator between DequantizeLinear and
/// QuantizeLinear, "Small" for what is merely kept together. Arithmetic on shapes can be among the nodes of any kind.
/// </param>
/// <param name="Nodes">Positions of its nodes, in the graph's order.</param>
internal sealed record FusionGroup(string Kind, int[] Nodes)
{
    /// <summary>A node that stays what it is.</summary>
    public const string Single = "Node";

    /// <summary>Nodes that stay what they are, but are worth no lane: a node and the arithmetic on shapes for it.</summary>
    public const string Small = "Small";
}
