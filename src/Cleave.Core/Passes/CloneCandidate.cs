namespace Cleave.Core.Passes;

/// <summary>
/// A value that several groups read and that is cheaper made again than handed over, or whose maker each reader needs beside it
/// to be fused (a DequantizeLinear).
/// </summary>
/// <param name="Value">The value.</param>
/// <param name="Nodes">What makes it, in the graph's order: cheap nodes only, back to inputs of the model and values that are not cheap.</param>
internal sealed record CloneCandidate(string Value, int[] Nodes);
