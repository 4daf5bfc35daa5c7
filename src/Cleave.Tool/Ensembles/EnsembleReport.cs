using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Serialization;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Tool.Output;

namespace Cleave.Tool.Ensembles;

/// <summary>The matrix of an ensemble on this machine, and where it comes from.</summary>
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

    // Before what the constructor takes.
    [JsonPropertyOrder(-1)]
    public int Format { get; init; } = 1;

    private const string Cpu = "cpu";

    /// <summary>What else there is to know; null: nothing.</summary>
    [JsonIgnore]
    public string? Note { get; init; }

    /// <summary>The rows of the matrix, where accelerators are listed; empty: the processor alone, whose cells the members have.</summary>
    public IReadOnlyList<EnsembleDeviceReport> Devices { get; init; } = [];

    /// <summary>What a section says; null where nothing was deployed yet.</summary>
    public static EnsembleReport? Of(string ensemble, EnsembleTuningSection section, string file) => section.Best is not { } best ? null : new(
        ensemble, section.Machine.Cores, "measured",
        [.. section.Members.Select((m, i) => EnsembleMemberReport.Of(m.Memory, best.Cells[i]))],
        best.Throughput, Samples(section.Chosen?.Untuned ?? section.Tried.FirstOrDefault(t => t.Cells.All(c => c == EnsembleTuneRun.Untuned(section.Machine.Cores)))?.Nanoseconds), section.Tried.Count, section.IsComplete, file);

    /// <summary>The same of devices.</summary>
    public static EnsembleReport? Of(string ensemble, int cores, TunedDevices devices, string file)
    {
        if (devices.Best is not { } best)
            return null;
        AllocationMatrix matrix = devices.Matrix(best);
        int cpu = devices.Names.ToList().IndexOf(Cpu);
        return new EnsembleReport(
            ensemble, cores, "measured", [.. devices.Members.Select((m, i) => EnsembleMemberReport.Of(m.Memory, cpu < 0 ? default : matrix[cpu, i]) with { Bytes = Bytes(devices, matrix, i) })],
            best.Throughput, Samples(devices.Chosen?.Untuned ?? devices.Tried[0].Nanoseconds), devices.Tried.Count, devices.IsComplete, file)
        {
            Devices = [.. devices.Names.Select((name, d) => new EnsembleDeviceReport(name, [.. devices.Members.Select((_, m) => EnsembleCellReport.Of(matrix[d, m]))]))],
        };
    }

    /// <summary>The matrix as a table.</summary>
    public string Matrix()
    {
        if (Devices.Count > 0)
        {
            InstanceGroup[] cells = [.. Devices.SelectMany(static d => d.Cells.Select(static c => c is null ? default : new InstanceGroup(c.Instances, c.Threads, c.Batch)))];
            return AllocationMatrix.Of(Devices.Count, Members.Count, cells).ToText([.. Devices.Select(static d => d.Device)], [.. Members.Select(static m => m.Model)]);
        }
        AllocationMatrix matrix = new(1, Members.Count);
        for (int m = 0; m < Members.Count; m++)
            matrix = matrix.With(0, m, new InstanceGroup(Members[m].Instances, Members[m].Threads, Members[m].Batch));
        return matrix.ToText(["cpu"], [.. Members.Select(static m => m.Model)], configurations: true);
    }

    // A second; null of what was not measured, or lacked memory.
    private static double? Samples(long? nanoseconds) => nanoseconds > 0 ? 1e9 / nanoseconds : null;

    // On all devices together; on the processor it was not measured here.
    private static long Bytes(TunedDevices devices, AllocationMatrix matrix, int member) =>
        Enumerable.Range(0, devices.Names.Count).Where(d => devices.Names[d] != Cpu).Sum(d => devices.Members[member].Memory.Of(matrix[d, member]));

    /// <summary>For people.</summary>
    public void Write(TextWriter output)
    {
        output.Write(string.Create(CultureInfo.InvariantCulture, $"{Terminal.Safe(Ensemble)}, {Cores} {(Cores == 1 ? "core" : "cores")}, {Source}: {(Devices.Count > 0 ? "samples, or " : "")}instances x <threads,samples>\n"));
        foreach (string row in Matrix().TrimEnd('\n').Split('\n'))
            output.Write(Terminal.Safe(row, LongestRow) + "\n");
        foreach (EnsembleMemberReport member in Members)
            output.Write(string.Create(CultureInfo.InvariantCulture, $"{Terminal.Safe(member.Model)}: {member.Bytes / 1048576.0:0.0} MB\n"));
        string gain = UntunedSamplesPerSecond is { } untuned ? string.Create(CultureInfo.InvariantCulture, $", {SamplesPerSecond / untuned:0.00}x what it is untuned") : "";
        output.Write(string.Create(CultureInfo.InvariantCulture, $"{SamplesPerSecond:0.#} samples/s{gain}{(Tried > 0 ? "; " + PlainText.Count(Tried, "matrix", "matrices") + " tried" : "")}\n"));
        if (Note is { } note)
            output.Write(Terminal.Safe(note, LongestRow) + "\n");
    }
}

/// <summary>A member, and its cell on the processor.</summary>
/// <param name="Model">The member.</param>
/// <param name="Instances">Its instances; 0: it is not there.</param>
/// <param name="Threads">Threads of each.</param>
/// <param name="Batch">Samples of each.</param>
/// <param name="Bytes">Memory of the cell; where accelerators are listed, of all that it takes there.</param>
internal sealed record EnsembleMemberReport(string Model, int Instances, int Threads, int Batch, long Bytes)
{
    public static EnsembleMemberReport Of(MemberMemory memory, InstanceGroup cell) => new(memory.Name, cell.Count, cell.Threads, cell.Batch, memory.Of(cell));
}

/// <summary>A device of the matrix.</summary>
/// <param name="Device">Its name.</param>
/// <param name="Cells">By member; null: it is not there.</param>
internal sealed record EnsembleDeviceReport(string Device, IReadOnlyList<EnsembleCellReport?> Cells);

/// <summary>How a member serves on a device.</summary>
/// <param name="Instances">Its instances.</param>
/// <param name="Threads">Threads of each.</param>
/// <param name="Batch">Samples of each.</param>
internal sealed record EnsembleCellReport(int Instances, int Threads, int Batch)
{
    public static EnsembleCellReport? Of(InstanceGroup cell) => cell.Count == 0 ? null : new EnsembleCellReport(cell.Count, cell.Threads, cell.Batch);
}
