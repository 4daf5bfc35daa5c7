using System;

namespace Cleave.Core.Shapes.Batch;

/// <summary>Operators whose first axis is the batch by their definition.</summary>
internal static class BatchPlaces
{
    /// <summary>Those that treat each place of the first axis by itself; other inputs are parameters.</summary>
    public static readonly string[] OnFirstAxis =
    [
        "AveragePool", "Conv", "ConvInteger", "ConvTranspose", "DepthToSpace", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool",
        "GroupNormalization", "InstanceNormalization", "LpPool", "LRN", "QLinearConv", "SpaceToDepth",
    ];

    public static BatchState FirstAxis(BatchNode node, int output)
    {
        BatchState state = node.In(0);
        if (!state.IsPerSample || !node.OthersAreIndependent(1))
            return node.Mixed("takes a parameter that depends on the samples");
        return state.Axis == 0 ? state : node.MixesAlong(state.Axis);
    }

    // The second output counts through the whole batch.
    public static BatchState Pooled(BatchNode node, int output) =>
        output == 0 ? FirstAxis(node, output) : node.Mixed("gives places in the whole batch");

    // Before operator set 14 it is training where it gives statistics, too.
    public static BatchState BatchNormalization(BatchNode node, int output) =>
        node.Int("training_mode", 0) == 0 && node.Int("spatial", 1) == 1 && output == 0 && (node.Opset >= 7 || node.Int("is_test", 0) == 1)
        && (node.Opset >= 14 || Array.FindLastIndex(node.Node.Outputs, static o => o.Length > 0) == 0)
            ? FirstAxis(node, output) : node.Mixed("is training: it takes the mean of the batch");

    public static BatchState Paired(BatchNode node, int output)
    {
        BatchState one = node.In(0), other = node.In(1);
        return one.IsPerSample && other.IsPerSample && one.Axis == 0 && other.Axis == 0 && one.Inner!.Equals(other.Inner)
            ? one : node.Mixed("reads other samples' places");
    }
}
