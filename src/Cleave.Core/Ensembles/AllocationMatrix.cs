using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Cleave.Core.Batching;

namespace Cleave.Core.Ensembles;

/// <summary>
/// Which model runs where (Pochelu et al., arXiv 2208.14049): devices by models. A cell says how many instances of the model the device has, of how many threads, and
/// how many samples each takes at once; a cell of no instances is none. Several cells in a column: data-parallel. Several in a row: co-located. Immutable.
/// </summary>
internal sealed class AllocationMatrix : IEquatable<AllocationMatrix>
{
    private readonly InstanceGroup[] _cells;

    /// <summary>An empty one.</summary>
    public AllocationMatrix(int devices, int models)
        : this(devices, models, new InstanceGroup[devices * models])
    {
    }

    private AllocationMatrix(int devices, int models, InstanceGroup[] cells)
    {
        Devices = devices;
        Models = models;
        _cells = cells;
    }

    /// <summary>One of these cells, device by device.</summary>
    /// <exception cref="ArgumentException">They are not as many as there are devices and models.</exception>
    public static AllocationMatrix Of(int devices, int models, IReadOnlyList<InstanceGroup> cells) => cells.Count == devices * models
        ? new AllocationMatrix(devices, models, [.. cells])
        : throw new ArgumentException("There must be a cell for each device and model.", nameof(cells));

    public int Devices { get; }

    public int Models { get; }

    /// <summary>Device by device.</summary>
    public IReadOnlyList<InstanceGroup> Cells => _cells;

    public InstanceGroup this[int device, int model] => _cells[device * Models + model];

    /// <summary>Whether every model is somewhere.</summary>
    public bool IsComplete => Enumerable.Range(0, Models).All(m => Enumerable.Range(0, Devices).Any(d => this[d, m].Count > 0));

    /// <summary>The same but for one cell.</summary>
    public AllocationMatrix With(int device, int model, InstanceGroup cell)
    {
        InstanceGroup[] cells = (InstanceGroup[])_cells.Clone();
        cells[device * Models + model] = cell;
        return new AllocationMatrix(Devices, Models, cells);
    }

    public bool Equals(AllocationMatrix? other) => other is not null && Devices == other.Devices && Models == other.Models && _cells.SequenceEqual(other._cells);

    public override bool Equals(object? obj) => Equals(obj as AllocationMatrix);

    public override int GetHashCode() => _cells.Aggregate(Devices, static (hash, cell) => unchecked((hash * 31) + cell.GetHashCode()));

    /// <summary>The matrix as a table for people: a row for each device.</summary>
    /// <param name="devices">Their names.</param>
    /// <param name="models">Their names.</param>
    /// <param name="configurations">Whether every cell is shown as ⟨i, t, b⟩; otherwise an instance of one thread is its batch alone.</param>
    public string ToText(IReadOnlyList<string> devices, IReadOnlyList<string> models, bool configurations = false)
    {
        List<string[]> rows = [["", .. models]];
        for (int d = 0; d < Devices; d++)
            rows.Add([devices[d], .. Enumerable.Range(0, Models).Select(m => Word(this[d, m], configurations))]);
        int[] widths = [.. Enumerable.Range(0, Models + 1).Select(c => rows.Max(r => r[c].Length))];
        StringBuilder text = new();
        foreach (string[] row in rows)
            text.Append(string.Join("  ", row.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd()).Append('\n');
        return text.ToString();
    }

    public override string ToString() =>
        ToText([.. Enumerable.Range(0, Devices).Select(d => "device " + d)], [.. Enumerable.Range(0, Models).Select(m => "model " + m)]);

    private static string Word(InstanceGroup cell, bool configurations) => cell.Count == 0 ? "-"
        : cell is { Count: 1, Threads: 1 } && !configurations ? cell.Batch.ToString(System.Globalization.CultureInfo.InvariantCulture)
        : cell.ToString();
}
