using System.Collections.Generic;

namespace Cleave.Core.Ensembles;

/// <summary>What is to be allocated, and to what.</summary>
/// <param name="Devices">At least one, each with at least one choice.</param>
/// <param name="Models">At least one.</param>
internal sealed record AllocationProblem(IReadOnlyList<EnsembleDevice> Devices, IReadOnlyList<MemberMemory> Models)
{
    /// <summary>Bytes that a matrix takes of a device.</summary>
    public long Used(AllocationMatrix matrix, int device)
    {
        long used = 0;
        for (int m = 0; m < Models.Count; m++)
            used += Models[m].Of(matrix[device, m]);
        return used;
    }

    /// <summary>Whether every model is somewhere, and every device has the memory.</summary>
    public bool IsValid(AllocationMatrix matrix)
    {
        for (int d = 0; d < Devices.Count; d++)
        {
            if (Used(matrix, d) > Devices[d].Memory)
                return false;
        }
        return matrix.IsComplete;
    }
}
