using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;

namespace Cleave.Core.Ensembles;

/// <summary>
/// Data-parallel copies for accelerators that worst-fit-decreasing left without a member, where nothing was measured: each gets the member that has the most work for each
/// copy, since an ensemble is as fast as its slowest column (Pochelu et al., arXiv 2208.14049). Where every accelerator has a member, only measuring says what a copy gains.
/// </summary>
internal static class IdleAccelerators
{
    /// <param name="problem">What is allocated.</param>
    /// <param name="matrix">A valid matrix.</param>
    /// <param name="work">By member, what a sample of it takes, in any unit.</param>
    /// <returns>The same with copies; valid, too.</returns>
    public static AllocationMatrix Fill(AllocationProblem problem, AllocationMatrix matrix, IReadOnlyList<double> work)
    {
        for (int d = 0; d < matrix.Devices; d++)
        {
            if (problem.Devices[d].IsCpu || Enumerable.Range(0, matrix.Models).Any(m => matrix[d, m].Count > 0))
                continue;
            InstanceGroup cell = problem.Devices[d].Choices[0];
            int? most = null;
            for (int m = 0; m < matrix.Models; m++)
            {
                if (problem.Models[m].Of(cell) <= problem.Devices[d].Memory && (most is not { } other || work[m] / Copies(m) > work[other] / Copies(other)))
                    most = m;
            }
            if (most is { } model)
                matrix = matrix.With(d, model, cell);
        }
        return matrix;

        int Copies(int model) => Enumerable.Range(0, matrix.Devices).Count(d => matrix[d, model].Count > 0);
    }
}
