using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;

namespace Cleave.Tool.Ensembles;

/// <summary>
/// <c>cleave tune --ensemble</c>: measures each member alone, looks for a matrix with what that says, and deploys it and its neighbours, as Pochelu et al. do (arXiv 2208.14049,
/// section 3). What was measured is written after each step, and the next call goes on there.
/// </summary>
/// <param name="models">The members.</param>
/// <param name="journal">Where it is written.</param>
/// <param name="cores">The cores of all members.</param>
/// <param name="progress">Told what is measured now.</param>
internal sealed class EnsembleTuneRun(EnsembleModels models, EnsembleTuningJournal journal, int cores, Action<string> progress)
{
    /// <summary>Few, for each is deployed: a step of the greedy, and the most steps.</summary>
    public static readonly AllocationSearchOptions Deployed = new(MaxIterations: 3, MaxNeighbours: 8);

    private readonly EnsembleTuningSection _known = journal.Read();
    private readonly List<TunedMember> _members = [];
    private readonly List<TunedMatrix> _tried = [];
    private TunedChoice? _chosen;

    /// <summary>What a matrix takes for a sample, in nanoseconds; null: it is deployed and timed. Others in tests.</summary>
    public Func<AllocationMatrix, long>? Timer { get; init; }

    /// <summary>How a runner serves each member of which it knows nothing.</summary>
    public static InstanceGroup Untuned(int cores) => new(cores, 1, Cleave.Ensembles.ServingCells.DefaultBatch);

    /// <summary>How a runner serves members of which it knows nothing.</summary>
    public static AllocationMatrix Untuned(int cores, int members) => AllocationMatrix.Of(1, members, [.. Enumerable.Repeat(Untuned(cores), members)]);

    /// <summary>What is known now. Null where there was not even time for one matrix.</summary>
    /// <exception cref="RefusedException">The ensemble does not fit.</exception>
    public EnsembleReport? Run()
    {
        _members.AddRange(_known.Members);
        _tried.AddRange(_known.Tried);
        _chosen = _known.Chosen;
        for (int m = 0; m < _members.Count; m++)
            Measure(m);
        if (!journal.Missed)
            Deploy();
        EnsembleTuningSection section = Section(!journal.Missed);
        journal.Save(section);
        return EnsembleReport.Of(models.Name, section, journal.File);
    }

    /// <summary>What a batch takes of a member that was measured. One that was too large to be measured: no better than the largest that was.</summary>
    public static double Seconds(TunedMember member, InstanceGroup cell)
    {
        TunedCell[] times = [.. member.Times.Where(t => t.Threads == cell.Threads)];
        if (Array.Find(times, t => t.Batch == cell.Batch) is { } time)
            return time.Nanoseconds / 1e9;
        TunedCell largest = times.MaxBy(static t => t.Batch)!;
        return largest.Nanoseconds / 1e9 * cell.Batch / largest.Batch * 1.1;
    }

    /// <summary>The processor with the batches that were measured.</summary>
    public static EnsembleDevice Cpu(IEnumerable<TunedMember> members, int cores)
    {
        int[] batches = [.. members.SelectMany(static m => m.Times.Select(static t => t.Batch)).Distinct().Order()];
        return EnsembleDevice.Cpu(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, cores, batches);
    }

    private void Measure(int m)
    {
        MemberTimer timer = new(models, m, journal.Token);
        TunedMember member = _members[m];
        foreach (int threads in ThreadCounts.UpTo(cores))
        {
            foreach (int batch in MemberTimer.Missing(member.Times, threads))
            {
                if (journal.IsOver())
                    return;
                progress($"{models.Paths[m]} <{threads},{batch}>");
                if (timer.Time(threads, batch) is not { } time)
                    break;
                member = member with { Times = [.. member.Times, new TunedCell(threads, batch, time)], Memory = timer.Memory(member.Memory) };
                _members[m] = member;
                journal.Save(Section(isComplete: false));
            }
        }
    }

    private void Deploy()
    {
        AllocationProblem problem = new([Cpu(_members, cores)], [.. _members.Select(static m => m.Memory)]);
        FirstAllocation first = WorstFitDecreasing.Place(problem);
        if (!first.Fits)
            throw new RefusedException($"The ensemble '{models.Name}' does not fit: {first.Words(problem)}.");
        ThroughputSimulator simulator = new(problem, (_, m, cell) => Seconds(_members[m], cell), ThroughputSimulator.SamplesFor(problem));
        AllocationMatrix untuned = Untuned(cores, models.Paths.Count);
        AllocationMatrix predicted = AllocationSearch.Predict(problem, first.Matrix, untuned, simulator).Matrix;
        // One that does not fit says nothing, and nothing is compared with it.
        bool fits = problem.IsValid(untuned);
        int known = _tried.Count;
        double before = fits ? Throughput(untuned) : 0, after = Throughput(predicted);
        AllocationSearch.Improve(problem, before > after ? untuned : predicted, Throughput, Deployed);
        // What was chosen from fewer may be no more the best.
        if (_tried.Count > known)
            _chosen = null;
        if (fits)
            _chosen ??= new MatrixComparison(journal, progress).Choose(_tried, untuned, Time, cells => AllocationMatrix.Of(1, models.Paths.Count, cells));
    }

    private double Throughput(AllocationMatrix matrix)
    {
        if (_tried.Find(t => t.Cells.SequenceEqual(matrix.Cells)) is { } known)
            return known.Throughput;
        if (journal.IsOver())
            return 0;
        progress($"matrix {_tried.Count + 1}: {string.Join(" ", matrix.Cells)}");
        TunedMatrix tried = new(matrix.Cells, Time(matrix));
        _tried.Add(tried);
        journal.Save(Section(isComplete: false));
        return tried.Throughput;
    }

    private long Time(AllocationMatrix matrix)
    {
        if (Timer is not null)
            return Timer(matrix);
        EnsembleOptions options = models.Options(cores);
        options.Cells = models.Paths.Zip(matrix.Cells).ToDictionary(static c => c.First, static c => new EnsembleCell(c.Second.Count, c.Second.Threads, c.Second.Batch), StringComparer.Ordinal);
        options.Devices = DeviceOptions.Never;
        return MatrixTimer.Time(models.Definition, options, models.Request(MatrixTimer.Samples), MatrixTimer.Samples, journal.Token);
    }

    private EnsembleTuningSection Section(bool isComplete) => _known with { IsComplete = isComplete, Members = [.. _members], Tried = [.. _tried], Chosen = _chosen };
}
