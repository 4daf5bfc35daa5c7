using System.Collections.Generic;
using System.Linq;

namespace Cleave.Tool.Validation;

/// <summary>One thing that was tried of a model.</summary>
/// <param name="Name">What was tried.</param>
/// <param name="Problem">What is wrong; null where nothing is.</param>
/// <param name="Note">What limits the result; null where nothing does.</param>
internal sealed record ValidationCheck(string Name, string? Problem, string? Note = null);

/// <summary>What was found of one model.</summary>
/// <param name="Model">As the project spells its path.</param>
/// <param name="File">Its file.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Checks">In the order in which they ran.</param>
internal sealed record ValidationReport(string Model, string File, double Seconds, IReadOnlyList<ValidationCheck> Checks)
{
    /// <summary>The validation itself did not come to an end: the process died or was stopped.</summary>
    public bool Aborted { get; init; }

    /// <summary>Nothing was run: an earlier run found the same files in order.</summary>
    public bool Unchanged { get; init; }

    public bool Passed => Checks.All(c => c.Problem is null);
}
