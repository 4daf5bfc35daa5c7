using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;

namespace Cleave.Tool.Validation;

/// <summary>One thing that was tried of a model.</summary>
/// <param name="Name">What was tried.</param>
/// <param name="Problem">What is wrong; null where nothing is.</param>
/// <param name="Note">What else there is to say of the result; null where nothing is.</param>
internal sealed record ValidationCheck(string Name, string? Problem, string? Note = null)
{
    /// <summary>The rule that a problem breaks.</summary>
    public string Rule { get; init; } = Rules.ValidationFailed.Id;

    /// <summary>The problem as a diagnostic.</summary>
    public Problem? ToProblem()
    {
        if (Problem is null)
            return null;
        return Rule == Rules.ValidationFailed.Id ? new Problem(Rules.ValidationFailed, Name, Problem) : new Problem(Rules.Find(Rule)!, Problem);
    }
}

/// <summary>What was found of one model.</summary>
/// <param name="Model">As the project spells its path.</param>
/// <param name="File">Its file.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Checks">In the order in which they ran.</param>
internal sealed record ValidationReport(string Model, string File, double Seconds, IReadOnlyList<ValidationCheck> Checks)
{
    /// <summary>What the model ran on; null where it did not run.</summary>
    public LoadedOnnxRuntime? OnnxRuntime { get; init; }

    /// <summary>Why nothing could be run, whichever the model: the native library does not serve. Null where it does.</summary>
    public string? Refused { get; init; }

    /// <summary>Why nothing was run although nothing is wrong; null where it was not left out.</summary>
    public string? LeftOut { get; init; }

    /// <summary>Nothing was run: an earlier run found the same files in order.</summary>
    public bool Unchanged { get; init; }

    /// <summary>Why the next run will not remember that it passed; null where it will.</summary>
    public string? NotKept { get; init; }

    /// <summary>Nothing is wrong with it, as far as it was run.</summary>
    public bool Passed => Checks.All(c => c.Problem is null);
}
