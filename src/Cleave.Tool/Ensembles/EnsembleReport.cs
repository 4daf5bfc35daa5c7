using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Tool.Output;

namespace Cleave.Tool.Ensembles;

/// <summary>The matrix of an ensemble on this machine's processor, and where it comes from.</summary>
/// <param name="Ensemble">Its name.</param>
/// <param name="Cores">For how many cores.</param>
/// <param name="Source"><c>measured</c> or <c>predicted</c>.</param>
/// <param name="Members">Its members.</param>
/// <param name="SamplesPerSecond">Through all members.</param>
/// <param name="UntunedSamplesPerSecond">The same where nothing is known of it; null where that was not measured.</param>
/// <param name="Tried">How many matrices were deployed.</param>
/// <param name="IsComplete">Whether all was measured that was to be.</param>
/// <param name="File">The file; null: none.</param>
internal sealed record EnsembleReport(
    string Ensemble, int Cores, string Source, IReadOnlyList<EnsembleMemberReport> Members, double SamplesPerSecond, double? UntunedSamplesPerSecond, int Tried, bool IsComplete, string? File)
{
    private const int LongestRow = 10_000;

    /// <summary>What a section says; null where nothing was deployed yet.</summary>
    public static EnsembleReport? Of(string ensemble, EnsembleTuningSection section, string file) => section.Best is not { } best ? null : new(
        ensemble, section.Machine.Cores, "measured",
        [.. section.Members.Select((m, i) => EnsembleMemberReport.Of(m.Memory, best.Cells[i]))],
        best.Throughput, section.Tried.FirstOrDefault()?.Throughput, section.Tried.Count, section.IsComplete, file);

    /// <summary>The matrix as a table.</summary>
    public string Matrix()
    {
        AllocationMatrix matrix = new(1, Members.Count);
        for (int m = 0; m < Members.Count; m++)
            matrix = matrix.With(0, m, new InstanceGroup(Members[m].Instances, Members[m].Threads, Members[m].Batch));
        return matrix.ToText(["cpu"], [.. Members.Select(static m => m.Model)], configurations: true);
    }

    /// <summary>For people.</summary>
    public void Write(TextWriter output)
    {
        output.Write(string.Create(CultureInfo.InvariantCulture, $"{Terminal.Safe(Ensemble)}, {Cores} {(Cores == 1 ? "core" : "cores")}, {Source}: instances x <threads,samples>\n"));
        foreach (string row in Matrix().TrimEnd('\n').Split('\n'))
            output.Write(Terminal.Safe(row, LongestRow) + "\n");
        foreach (EnsembleMemberReport member in Members)
            output.Write(string.Create(CultureInfo.InvariantCulture, $"{Terminal.Safe(member.Model)}: {member.Bytes / 1048576.0:0.0} MB\n"));
        string gain = UntunedSamplesPerSecond is { } untuned ? string.Create(CultureInfo.InvariantCulture, $", {SamplesPerSecond / untuned:0.00}x what it is untuned") : "";
        output.Write(string.Create(CultureInfo.InvariantCulture, $"{SamplesPerSecond:0.#} samples/s{gain}{(Tried > 0 ? $"; {Tried} matrices tried" : "")}\n"));
    }
}

/// <summary>A member's cell.</summary>
/// <param name="Model">The member.</param>
/// <param name="Instances">Its instances.</param>
/// <param name="Threads">Threads of each.</param>
/// <param name="Batch">Samples of each.</param>
/// <param name="Bytes">Memory of the cell.</param>
internal sealed record EnsembleMemberReport(string Model, int Instances, int Threads, int Batch, long Bytes)
{
    public static EnsembleMemberReport Of(MemberMemory memory, InstanceGroup cell) => new(memory.Name, cell.Count, cell.Threads, cell.Batch, memory.Of(cell));
}
