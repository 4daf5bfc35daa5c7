using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Generated;

namespace Cleave.Ensembles;

/// <summary>Which cell of the matrix each member has on the processor, and who said so.</summary>
/// <param name="Cells">By member.</param>
/// <param name="Why">For the log.</param>
internal sealed record ServingCells(InstanceGroup[] Cells, string Why)
{
    /// <summary>Samples at once where nothing was measured.</summary>
    public const int DefaultBatch = 32;

    /// <param name="members">The members.</param>
    /// <param name="options">What the application says, which wins.</param>
    /// <param name="tuned">What was measured; null: nothing.</param>
    /// <param name="cores">The cores of all.</param>
    /// <param name="devices">The accelerators; null: none.</param>
    /// <exception cref="ArgumentException">The application names a member that there is not, or a cell of nothing.</exception>
    public static ServingCells Of(EnsembleMember[] members, EnsembleOptions options, InstanceGroup[]? tuned, int cores, EnsembleDevices? devices = null)
    {
        IReadOnlyDictionary<string, EnsembleCell> given = options.Cells ?? new Dictionary<string, EnsembleCell>();
        if (given.Keys.FirstOrDefault(k => !Array.Exists(members, m => m.Name == k)) is { } unknown)
            throw new ArgumentException("Cells names '" + unknown + "', which is no member: there are " + string.Join(", ", members.Select(static m => "'" + m.Name + "'")) + ".", nameof(options));
        InstanceGroup[] cells = [.. members.Select((m, i) => given.TryGetValue(m.Name, out EnsembleCell cell)
            ? Checked(cell, cores)
            : devices?.CpuCell(i) ?? tuned?[i] ?? new InstanceGroup(cores, 1, DefaultBatch))];
        return new ServingCells(cells, given.Count > 0 ? "as the application says" : tuned is null ? "not tuned" : "as tuned");
    }

    /// <summary>The matrix in a line: <c>a.onnx 2x&lt;1,32&gt;, b.onnx …</c>.</summary>
    public string Words(EnsembleMember[] members) => string.Join(", ", members.Zip(Cells, static (m, c) => m.Name + " " + new EnsembleCell(c.Count, c.Threads, c.Batch)));

    // More instances than cores would only wait. A cell made without its constructor is one of nothing.
    private static InstanceGroup Checked(EnsembleCell cell, int cores)
    {
        cell = new EnsembleCell(cell.Instances, cell.Threads, cell.Batch);
        return new InstanceGroup(Math.Min(cell.Instances, cores), Math.Min(cell.Threads, cores), cell.Batch);
    }
}
