using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Shapes.Batch;

namespace Cleave.Generator.Model;

/// <summary>Finds a model's batch axis, and what batches are predicted to gain.</summary>
internal static class BatchSpecBuilder
{
    /// <param name="model">The model with its plans.</param>
    /// <param name="inputs">The runner's inputs.</param>
    /// <param name="outputs">Its outputs.</param>
    /// <returns>Null where no axis is proven.</returns>
    public static BatchSpec? Of(PlannedModel model, TensorSpec[] inputs, TensorSpec[] outputs)
    {
        BatchProof proof = BatchAxis.Find(model.Graph.Facts, model.Graph.Outputs);
        if (!proof.Holds || inputs.Length == 0)
            return null;
        string[] names = [.. inputs.Select(i => i.Name)];
        return new BatchSpec(
            proof.Dimension!, new([.. names.Select(n => proof.InputAxes[n])]), new([.. outputs.Select(o => proof.OutputAxes[o.Name])]),
            new([.. BatchPlanner.Find(model.Graph, proof, names, model.Sizes, model.Cost).Select(b => new BatchGainSpec(b.Elements, b.Size, b.Gain))]));
    }
}
