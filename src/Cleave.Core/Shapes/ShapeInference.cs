using System;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Core.Shapes;

/// <summary>
/// Finds the element type and shape of every value of a model, with the named dimensions kept as names, and the content of the
/// small tensors that shapes are computed from. What is not known stays unknown, and everything else goes on.
/// </summary>
internal static class ShapeInference
{
    /// <param name="model">The model.</param>
    /// <param name="dimension">The size of each named dimension, null where it stays a name. With sizes an If that goes by a dimension is the branch that it takes.</param>
    /// <param name="trustsFile">Whether what is not known is taken from what the file states of inner values and outputs.</param>
    public static GraphFacts Infer(OnnxModel model, Func<string, long?>? dimension = null, bool trustsFile = true)
    {
        InferenceState state = new(model, dimension, trustsFile);
        InferenceScope scope = new(state);
        OnnxGraph graph = model.Graph;
        foreach (ValueInfo input in graph.Inputs)
            scope.DefineInput(input.Name, input.Type);
        scope.Declare(graph);
        scope.DefineConstants(graph);
        int[] order = NodeOrder.Of(graph.Nodes, out _);
        foreach (int position in order)
            scope.InferNode(graph.Nodes[position]);
        foreach (OpsetImport import in model.Opsets)
        {
            if (import.Domain.Length == 0 && import.Version > InferenceState.NewestOpset)
            {
                state.Note("The model imports operator set " + NumberText.Of(import.Version) + " of ONNX; operators are known up to "
                    + NumberText.Of(InferenceState.NewestOpset) + ", and newer ones are taken at their last known form.");
            }
        }
        return new GraphFacts(model, order, scope.Values, state.Notes, trustsFile ? () => Infer(model, dimension, trustsFile: false) : null);
    }
}
