using System;
using System.Collections.Generic;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;

namespace Cleave.Tool.Fixing;

/// <summary>One kind of change that did something, and the model after it.</summary>
/// <param name="Kind">For programs.</param>
/// <param name="What">For people.</param>
/// <param name="Count">How many.</param>
/// <param name="After">The model after this change and those before it.</param>
internal sealed record AppliedChange(string Kind, string What, int Count, ModelProto After);

/// <summary>What <c>cleave fix</c> changes, in this order.</summary>
internal static class ModelFix
{
    public const string Batch = "dynamic-batch";
    public const string Widened = "widened-floats";

    /// <param name="model">Is changed.</param>
    /// <param name="batch">The name that the batch gets; null: it stays as it is.</param>
    /// <param name="widen">Whether floats of 16 bits are computed in 32.</param>
    public static List<AppliedChange> Apply(ModelProto model, string? batch, bool widen = false)
    {
        ModelEdit edit = new(model);
        (string Kind, string What, Func<ModelEdit, int> Apply)[] changes =
        [
            ("input-initializers", "initializers taken out of the inputs", InputInitializers.Apply),
            ("constant-nodes", "Constant nodes made initializers", ConstantNodes.Apply),
            (Widened, "values and weights of 16 bits computed in 32", e => widen ? WidenedHalves.Apply(e) : 0),
            (Batch, "inputs, outputs and Reshapes given a dynamic batch", e => batch is null ? 0 : DynamicBatch.Apply(e, batch)),
            ("shape-folding", "nodes folded that compute fixed shapes", ShapeFolding.Apply),
            ("dead-nodes", "nodes removed that no output needs", UnusedParts.RemoveNodes),
            ("pass-through-nodes", "nodes removed that change nothing", PassThroughNodes.Apply),
            ("unused-initializers", "initializers removed that nobody reads", UnusedParts.RemoveInitializers),
        ];
        List<AppliedChange> applied = [];
        foreach ((string kind, string what, Func<ModelEdit, int> apply) in changes)
        {
            int count = apply(edit);
            if (count == 0)
                continue;
            edit.Changed();
            // Copies share the weights.
            applied.Add(new AppliedChange(kind, what, count, model.Clone()));
        }
        return applied;
    }
}
