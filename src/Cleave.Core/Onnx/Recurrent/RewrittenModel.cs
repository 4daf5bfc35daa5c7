using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Recurrent;

/// <summary>Of what a node of a rewritten model was made.</summary>
/// <param name="Source">The node, by its position in the model as it was.</param>
/// <param name="Chunk">Which chunk of its steps; -1: none, it is for all of them.</param>
internal readonly record struct NodeOrigin(int Source, int Chunk);

/// <summary>A model whose recurrent nodes were taken apart.</summary>
/// <param name="Model">It.</param>
/// <param name="Origins">By position of the node.</param>
internal sealed record RewrittenModel(OnnxModel Model, IReadOnlyList<NodeOrigin> Origins);
