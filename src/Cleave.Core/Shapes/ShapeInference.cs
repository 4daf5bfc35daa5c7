using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>
/// Finds the element type and shape of every value of a model, with the named dimensions kept as names, and the content of the
/// small tensors that shapes are computed from. What is not known stays unknown, and everything else goes on.
/// </summary>
internal static class ShapeInference
{
    public static GraphFacts Infer(OnnxModel model)
    {
        InferenceScope scope = new(model, null);
        OnnxGraph graph = model.Graph;
        foreach (ValueInfo input in graph.Inputs)
            scope.Define(input.Name, scope.Declared(input.Type));
        scope.DefineConstants(graph);
        int[] order = new int[graph.Nodes.Count];
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        foreach (int position in order)
            scope.InferNode(graph.Nodes[position]);
        List<string> notes = [];
        return new GraphFacts(model, order, scope.Values, notes);
    }
}
