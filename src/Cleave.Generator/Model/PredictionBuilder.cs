using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Parts;
using Cleave.Core.Shapes.Batch;
using Cleave.Generator.Emit;
using Cleave.Generator.Pipeline;

namespace Cleave.Generator.Model;

/// <summary>What is predicted of a model's calls.</summary>
/// <param name="Batch">Its batch axis, and what batches gain; null where no axis is proven.</param>
/// <param name="NoBatch">Why none is, and what helps; "" where there is one.</param>
/// <param name="Times">What calls take over its open dimensions.</param>
internal sealed record PredictionSpec(BatchSpec? Batch, string NoBatch, EquatableArray<CallTimeSpec> Times);

/// <summary>Finds a model's batch axis, and predicts its calls over the open dimensions: once, for batches and for parts of jobs.</summary>
internal static class PredictionBuilder
{
    // Names of a model have any length.
    private const int LongestReason = 300;

    /// <param name="model">The model with its plans.</param>
    /// <param name="inputs">The runner's inputs.</param>
    /// <param name="outputs">Its outputs.</param>
    public static PredictionSpec Of(PlannedModel model, TensorSpec[] inputs, TensorSpec[] outputs)
    {
        BatchProof proof = BatchAxis.Find(model.Graph.Facts, model.Graph.Outputs);
        string[] names = [.. inputs.Select(i => i.Name)];
        bool holds = proof.Holds && names.Length > 0;
        IReadOnlyList<PredictedRow> table = CallPredictor.Table(model.Graph, holds ? proof.Dimension : null, names, model.Sizes, model.Cost);
        BatchSpec? batch = holds
            ? new BatchSpec(
                proof.Dimension!, new([.. names.Select(n => proof.InputAxes[n])]), new([.. outputs.Select(o => proof.OutputAxes[o.Name])]),
                new([.. BatchPlanner.Find(table).Select(b => new BatchGainSpec(b.Elements, b.Size, b.Gain))]))
            : null;
        string noBatch = holds ? "" : SafeText.OneLine(BatchAdvice.Words(proof, model.Graph.Model.Graph.Inputs.Where(i => model.Graph.Index.IsInput(i.Name))), LongestReason);
        return new PredictionSpec(batch, noBatch, new([.. CallPredictor.Thin(table).Select(c => new CallTimeSpec(c.Elements, c.Samples, new(c.Microseconds)))]));
    }
}
