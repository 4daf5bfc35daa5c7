namespace Cleave.Core.Placement;

/// <summary>What runs units, one at a time: a lane of the CPU with its threads, or an accelerator.</summary>
/// <param name="Name">For people.</param>
/// <param name="Space">The memory it works in: 0 is the host's, others are accelerators'.</param>
internal sealed record Processor(string Name, int Space)
{
    public bool IsHost => Space == 0;
}
