using System.Linq;
using Cleave.Core.Parts;
using Cleave.Generator.Pipeline;

namespace Cleave.Generator.Model;

/// <summary>Predicts what calls of a model take over its open dimensions.</summary>
internal static class CallTimesBuilder
{
    /// <param name="model">The model with its plans.</param>
    /// <param name="inputs">The runner's inputs.</param>
    /// <param name="batch">Its batch axis; null where none is proven.</param>
    public static EquatableArray<CallTimeSpec> Of(PlannedModel model, TensorSpec[] inputs, BatchSpec? batch) => new(
    [
        .. CallPredictor.Find(model.Graph, batch?.Dimension, [.. inputs.Select(i => i.Name)], model.Sizes, model.Cost)
            .Select(c => new CallTimeSpec(c.Elements, c.Samples, new(c.Microseconds))),
    ]);
}
