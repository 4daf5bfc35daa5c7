using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Cleave.Core.Ensembles;

/// <summary>A model that found no room.</summary>
/// <param name="Model">Its place.</param>
/// <param name="Device">The place of the device that has the most room left.</param>
/// <param name="Missing">Bytes that are missing there.</param>
/// <param name="IsTooLarge">Whether it would not even fit the largest device if that were empty.</param>
internal sealed record Misfit(int Model, int Device, long Missing, bool IsTooLarge);

/// <summary>A matrix in which every model is somewhere, or what found no room.</summary>
/// <param name="Matrix">The matrix; where something found no room, without that.</param>
/// <param name="Misfits">Empty: all fit.</param>
internal sealed record FirstAllocation(AllocationMatrix Matrix, IReadOnlyList<Misfit> Misfits)
{
    public bool Fits => Misfits.Count == 0;

    /// <summary>Bytes that are missing for all together.</summary>
    public long Missing => Misfits.Sum(static m => m.Missing);

    /// <summary>What does not fit, and by how much; empty where all fits.</summary>
    public string Words(AllocationProblem problem) => string.Join("; ", Misfits.Select(m => string.Format(
        CultureInfo.InvariantCulture,
        m.IsTooLarge ? "'{0}' is too large for every device: {1} lacks {2:0.0} MB even when empty" : "'{0}' does not fit: {1}, which has the most room left, lacks {2:0.0} MB",
        problem.Models[m.Model].Name, problem.Devices[m.Device].Name, m.Missing / 1048576.0)));
}
