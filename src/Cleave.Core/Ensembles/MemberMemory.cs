using Cleave.Core.Batching;

namespace Cleave.Core.Ensembles;

/// <summary>The memory of a member: estimated from its model, or measured by tuning.</summary>
/// <param name="Name">The member.</param>
/// <param name="Weights">Bytes of its weights.</param>
/// <param name="Sample">Bytes for each sample of a batch: inputs, outputs, and what lies between.</param>
/// <param name="Fixed">Bytes besides: of the session, the context.</param>
internal sealed record MemberMemory(string Name, long Weights, long Sample, long Fixed = 0)
{
    /// <summary>Bytes of a cell: instances of one thread share a session, and so the weights; those of several have one each.</summary>
    public long Of(InstanceGroup cell) =>
        cell.Count == 0 ? 0 : ((cell.Threads == 1 ? 1 : cell.Count) * (Weights + Fixed)) + ((long)cell.Count * cell.Batch * Sample);
}
