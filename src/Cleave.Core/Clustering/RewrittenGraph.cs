using System.Collections.Generic;
using Cleave.Core.Cost;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;

namespace Cleave.Core.Clustering;

/// <summary>A model whose recurrent nodes were taken apart, as plans of it name its nodes and values.</summary>
/// <param name="Graph">It, at the dimensions of the model.</param>
/// <param name="Splits">How it was made of the model.</param>
/// <param name="Origins">Of what each of its nodes was made.</param>
internal sealed record RewrittenGraph(SizedGraph Graph, IReadOnlyList<RecurrentSplit> Splits, IReadOnlyList<NodeOrigin> Origins)
{
    /// <param name="graph">The model as it is.</param>
    /// <param name="sizes">The sizes of its dimensions.</param>
    /// <param name="splits">What is taken apart.</param>
    public static RewrittenGraph Of(PlanGraph graph, IReadOnlyDictionary<string, long> sizes, IReadOnlyList<RecurrentSplit> splits)
    {
        RewrittenModel model = RecurrentRewriter.Rewrite(graph.Model, splits);
        return new RewrittenGraph(new SizedGraph(PlanGraphBuilder.Build(ShapeInference.Infer(model.Model), graph.Outputs), sizes), splits, model.Origins);
    }
}
