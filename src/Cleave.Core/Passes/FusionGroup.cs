namespace Cleave.Core.Passes;

/// <summary>
/// Nodes that ONNX Runtime makes one operator of, or a region with one entry and one exit whose parallelism is worth no lane.
/// A graph is cut between groups, never inside one.
/// </summary>
/// <param name="Kind">What it is: "Node" for a single one, "ConvActivation", "LayerNormalization", "Quantized", …</param>
/// <param name="Nodes">Positions of its nodes, in the graph's order.</param>
internal sealed record FusionGroup(string Kind, int[] Nodes);
