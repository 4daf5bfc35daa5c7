using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Batching;

/// <summary>What one instance takes for a batch: an entry of the table T(t, b).</summary>
/// <param name="Threads">Its threads, t.</param>
/// <param name="Batch">Its samples, b.</param>
/// <param name="Time">In any unit.</param>
/// <param name="Memory">In any unit, rounded up.</param>
internal readonly record struct InstanceTime(int Threads, int Batch, double Time, int Memory = 0);

/// <summary>What is to be divided, and over what.</summary>
/// <param name="Cores">The most threads of all instances together, T.</param>
/// <param name="Batch">The samples of all instances together, B.</param>
internal sealed record InstanceRequest(int Cores, int Batch)
{
    /// <summary>Whether every core is to have a thread, as the paper's code has it; otherwise cores may stay idle, as its equation 2 has it, and as runners want it. Tests ask for it, to compare with the paper's plans.</summary>
    public bool UsesAllCores { get; init; }

    /// <summary>The most memory of all instances together, in the table's unit; null: any.</summary>
    public int? Memory { get; init; }
}

/// <summary>Equal instances: ⟨i, t, b⟩. In an ensemble, a cell of the matrix (<c>EnsembleCell</c> in the API); a default value is an empty one.</summary>
/// <param name="Count">How many.</param>
/// <param name="Threads">Threads of each.</param>
/// <param name="Batch">Samples of each.</param>
internal readonly record struct InstanceGroup(int Count, int Threads, int Batch)
{
    public override string ToString() => string.Format(CultureInfo.InvariantCulture, Count == 1 ? "<{1},{2}>" : "{0}x<{1},{2}>", Count, Threads, Batch);
}

/// <summary>How a batch is divided.</summary>
/// <param name="Time">What the slowest instance takes.</param>
/// <param name="Groups">By falling threads, then by falling samples.</param>
internal sealed record InstancePlan(double Time, IReadOnlyList<InstanceGroup> Groups)
{
    public int Instances => Groups.Sum(static g => g.Count);

    /// <summary>Threads of all instances together.</summary>
    public int Threads => Groups.Sum(static g => g.Count * g.Threads);

    public override string ToString() => string.Join(" + ", Groups);
}

/// <summary>
/// Divides a batch over instances so that the slowest is done as early as possible (Packrat, section 3.3): exact, instances may differ.
/// Entries are taken in by rising time: the first with which the batch can be made up is the slowest instance of the best division, and from then on what
/// counts is how few instances, and then how few threads, make it up. Each cell (memory, threads, samples) keeps the entry that it was last improved by.
/// </summary>
internal static class InstancePlanner
{
    private const int None = int.MaxValue;

    /// <summary>Null where no instances of the table make up the batch within the limits.</summary>
    /// <param name="table">In any order; entries whose time is not a finite number are left out.</param>
    /// <param name="request">What is asked for.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no core or no sample, memory is negative, or an entry has no thread, no sample or negative memory.</exception>
    public static InstancePlan? Plan(IEnumerable<InstanceTime> table, InstanceRequest request)
    {
        Check(request.Cores >= 1, nameof(request.Cores));
        Check(request.Batch >= 1, nameof(request.Batch));
        Check(request.Memory is null or >= 0, nameof(request.Memory));
        InstanceTime[] entries = Usable(table, request);
        int memory = request.Memory is { } most ? (int)Math.Min(most, (long)entries.Select(static e => e.Memory).DefaultIfEmpty().Max() * Math.Min(request.Cores, request.Batch)) : 0;
        Cells cells = new(request, memory);
        int target = cells.Place(memory, request.Cores, request.Batch);
        for (int i = 0; i < entries.Length; i++)
        {
            if (cells.Cost[target] != None && entries[i].Time > entries[i - 1].Time)
                break;
            cells.Add(entries[i], i);
        }
        return cells.Cost[target] == None ? null : cells.Read(entries, target);
    }

    private static InstanceTime[] Usable(IEnumerable<InstanceTime> table, InstanceRequest request)
    {
        List<InstanceTime> entries = [];
        foreach (InstanceTime entry in table)
        {
            Check(entry.Threads >= 1 && entry.Batch >= 1 && entry.Memory >= 0, nameof(table));
            if (!double.IsNaN(entry.Time) && !double.IsInfinity(entry.Time) && entry.Threads <= request.Cores && entry.Batch <= request.Batch)
                entries.Add(request.Memory is null ? entry with { Memory = 0 } : entry);
        }
        // Equal times in one order, whatever order they came in.
        return [.. entries.OrderBy(static e => e.Time).ThenByDescending(static e => e.Batch).ThenBy(static e => e.Threads).ThenBy(static e => e.Memory)];
    }

    private static void Check(bool holds, string name)
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(name);
    }

    /// <summary>The cells of the dynamic program.</summary>
    private sealed class Cells
    {
        private readonly int _memory;
        private readonly int _cores;
        private readonly int _batch;
        private readonly int _instance;
        private readonly int[] _entry;
        // By memory and threads: the most samples that anything makes up; -1 where not even none.
        private readonly int[] _most;

        public Cells(InstanceRequest request, int memory)
        {
            _memory = memory;
            _cores = request.Cores;
            _batch = request.Batch;
            // Instances first, then threads: an instance weighs more than all threads together.
            _instance = _cores + 1;
            int count = checked((memory + 1) * (_cores + 1) * (_batch + 1));
            Cost = new int[count];
            _entry = new int[count];
            _most = new int[(memory + 1) * (_cores + 1)];
            for (int i = 0; i < count; i++)
                Cost[i] = None;
            // Nothing is made up of no instance: with any memory left over, and with idle cores where they may be.
            for (int row = 0; row < _most.Length; row++)
            {
                bool isStart = !request.UsesAllCores || row % (_cores + 1) == 0;
                _most[row] = isStart ? 0 : -1;
                if (isStart)
                    Cost[row * (_batch + 1)] = 0;
            }
        }

        /// <summary>Instances and threads that make up a cell's batch; <see cref="None"/> where nothing does.</summary>
        public int[] Cost { get; }

        public int Place(int memory, int threads, int batch) => (((memory * (_cores + 1)) + threads) * (_batch + 1)) + batch;

        /// <summary>Improves what one more entry, used any number of times, improves.</summary>
        [MethodImpl(JustInTime.Optimized)]
        public void Add(InstanceTime entry, int index)
        {
            int cost = _instance + entry.Threads;
            for (int m = entry.Memory; m <= _memory; m++)
            {
                for (int t = entry.Threads; t <= _cores; t++)
                {
                    int from = Place(m - entry.Memory, t - entry.Threads, 0);
                    int to = Place(m, t, entry.Batch);
                    int last = Math.Min(_most[from / (_batch + 1)], _batch - entry.Batch);
                    _most[to / (_batch + 1)] = Math.Max(_most[to / (_batch + 1)], last < 0 ? -1 : last + entry.Batch);
                    for (int samples = 0; samples <= last; samples++)
                    {
                        if (Cost[from + samples] < Cost[to + samples] - cost)
                        {
                            Cost[to + samples] = Cost[from + samples] + cost;
                            _entry[to + samples] = index;
                        }
                    }
                }
            }
        }

        public InstancePlan Read(InstanceTime[] entries, int target)
        {
            List<InstanceTime> used = [];
            int place = target;
            while (Cost[place] > 0)
            {
                InstanceTime entry = entries[_entry[place]];
                used.Add(entry);
                place -= Place(entry.Memory, entry.Threads, entry.Batch);
            }
            return new InstancePlan(used.Max(static e => e.Time),
            [
                .. used.GroupBy(static e => (e.Threads, e.Batch)).OrderByDescending(static g => g.Key.Threads).ThenByDescending(static g => g.Key.Batch)
                    .Select(static g => new InstanceGroup(g.Count(), g.Key.Threads, g.Key.Batch)),
            ]);
        }
    }
}
