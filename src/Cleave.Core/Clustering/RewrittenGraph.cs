using System.Collections.Generic;
using Cleave.Core.Cost;
using Cleave.Core.Onnx.Recurrent;

namespace Cleave.Core.Clustering;

/// <summary>A model whose recurrent nodes were taken apart, as plans of it name its nodes and values.</summary>
/// <param name="Graph">It, at the dimensions of the model.</param>
/// <param name="Splits">How it was made of the model.</param>
internal sealed record RewrittenGraph(SizedGraph Graph, IReadOnlyList<RecurrentSplit> Splits);
