namespace Cleave.Sessions;

/// <summary>A node of a session's graph, and who runs it. After basic optimisations: fused and folded nodes are what they became.</summary>
/// <param name="Provider">ONNX Runtime's name of the execution provider, for example <c>CUDAExecutionProvider</c>.</param>
/// <param name="Operator">The operator.</param>
/// <param name="Node">The node's name; may be empty.</param>
internal sealed record NodeAssignment(string Provider, string Operator, string Node);
