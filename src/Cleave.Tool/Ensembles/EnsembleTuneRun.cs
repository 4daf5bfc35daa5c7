using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;
using Cleave.Tool.Benching;
using Cleave.Tuning;

namespace Cleave.Tool.Ensembles;

/// <summary>
/// <c>cleave tune --ensemble</c>: measures each member alone, looks for a matrix with what that says, and deploys it and its neighbours, as Pochelu et al. do (arXiv 2208.14049,
/// section 3). What was measured is written after each step, and the next call goes on there.
/// </summary>
/// <param name="models">The members.</param>
/// <param name="folder">Where the project is.</param>
/// <param name="cores">The cores of all members.</param>
/// <param name="budget">How long it may measure.</param>
/// <param name="progress">Told what is measured now.</param>
/// <param name="token">Ends it; what was measured stays.</param>
internal sealed class EnsembleTuneRun(EnsembleModels models, string folder, int cores, TimeSpan budget, Action<string> progress, CancellationToken token)
{
    // Few, for each is deployed: a step of the greedy, and the most steps.
    private static readonly AllocationSearchOptions Deployed = new(MaxIterations: 3, MaxNeighbours: 8);

    private readonly string _file = models.FileIn(folder);
    private readonly long _until = Stopwatch.GetTimestamp() + (long)(budget.TotalSeconds * Stopwatch.Frequency);
    private readonly MachineSignature _machine = ThisMachine.Of(cores);
    private readonly List<TunedMember> _members = [];
    private readonly List<TunedMatrix> _tried = [];
    private bool _missed;

    /// <summary>What is known now. Null where there was not even time for one matrix.</summary>
    /// <exception cref="BenchException">The ensemble does not fit, or the file is damaged.</exception>
    public EnsembleReport? Run()
    {
        Resume();
        for (int m = 0; m < _members.Count; m++)
            Measure(m);
        if (!_missed)
            Deploy();
        EnsembleTuningSection section = Section(!_missed);
        Save(section);
        return EnsembleReport.Of(models.Name, section, _file);
    }

    private void Resume()
    {
        try
        {
            EnsembleTuningFile file = File.Exists(_file) ? EnsembleTuningFile.Read(File.ReadAllText(_file)) : EnsembleTuningFile.Empty;
            EnsembleTuningSection? known = file.Find(_machine);
            if (known is not null && known.IsOf(models.Definition.Members.Select(static m => m.Model.Hash)))
            {
                _members.AddRange(known.Members);
                _tried.AddRange(known.Tried);
                return;
            }
            for (int m = 0; m < models.Paths.Count; m++)
                _members.Add(new TunedMember(new MemberMemory(models.Paths[m], models.Specs[m].Facts.WeightBytes, 0), models.Definition.Members[m].Model.Hash, []));
        }
        catch (ListingException e)
        {
            // What others measured is not thrown away because of a broken line.
            throw new BenchException($"{_file} is damaged ({e.Message}); correct or delete it.");
        }
    }

    private void Measure(int m)
    {
        MemberTimer timer = new(models, m, token);
        TunedMember member = _members[m];
        for (int threads = 1; threads <= cores; threads *= 2)
        {
            foreach (int batch in MemberTimer.Missing(member.Times, threads))
            {
                if (IsOver())
                    return;
                progress($"{models.Paths[m]} <{threads},{batch}>");
                if (timer.Time(threads, batch) is not { } time)
                    break;
                member = member with { Times = [.. member.Times, new TunedCell(threads, batch, time)], Memory = timer.Memory(member.Memory) };
                _members[m] = member;
            }
        }
        Save(Section(isComplete: false));
    }

    private void Deploy()
    {
        AllocationProblem problem = new([Device()], [.. _members.Select(static m => m.Memory)]);
        FirstAllocation first = WorstFitDecreasing.Place(problem);
        if (!first.Fits)
            throw new BenchException($"The ensemble '{models.Name}' does not fit: {first.Words(problem)}.");
        ThroughputSimulator simulator = new(problem, Seconds, ThroughputSimulator.SamplesFor(problem));
        AllocationMatrix predicted = AllocationSearch.Improve(problem, first.Matrix, simulator.Of, new AllocationSearchOptions()).Matrix;
        AllocationMatrix untuned = Untuned(problem, predicted);
        // The first one is what the others are compared with.
        double before = Throughput(untuned), after = Throughput(predicted);
        AllocationSearch.Improve(problem, before > after ? untuned : predicted, Throughput, Deployed);
    }

    // What a runner does that knows nothing.
    private AllocationMatrix Untuned(AllocationProblem problem, AllocationMatrix other)
    {
        AllocationMatrix matrix = new(1, models.Paths.Count);
        for (int m = 0; m < models.Paths.Count; m++)
            matrix = matrix.With(0, m, new InstanceGroup(cores, 1, Cleave.Ensembles.ServingCells.DefaultBatch));
        return problem.IsValid(matrix) ? matrix : other;
    }

    private EnsembleDevice Device()
    {
        int[] batches = [.. _members.SelectMany(static m => m.Times.Select(static t => t.Batch)).Distinct().Order()];
        return EnsembleDevice.Cpu(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, cores, batches);
    }

    // Of a batch that was too large to be measured: no better than the largest that was.
    private double Seconds(int device, int member, InstanceGroup cell)
    {
        TunedCell[] times = [.. _members[member].Times.Where(t => t.Threads == cell.Threads)];
        if (Array.Find(times, t => t.Batch == cell.Batch) is { } time)
            return time.Nanoseconds / 1e9;
        TunedCell largest = times.MaxBy(static t => t.Batch)!;
        return largest.Nanoseconds / 1e9 * cell.Batch / largest.Batch * 1.1;
    }

    private double Throughput(AllocationMatrix matrix)
    {
        InstanceGroup[] cells = [.. Enumerable.Range(0, models.Paths.Count).Select(m => matrix[0, m])];
        if (_tried.Find(t => t.Cells.SequenceEqual(cells)) is { } known)
            return known.Throughput;
        if (IsOver())
            return 0;
        progress($"matrix {_tried.Count + 1}: {string.Join(" ", cells)}");
        TunedMatrix tried = new(cells, MatrixTimer.Time(models, cells, cores, token));
        _tried.Add(tried);
        Save(Section(isComplete: false));
        return tried.Throughput;
    }

    private bool IsOver()
    {
        token.ThrowIfCancellationRequested();
        _missed |= Stopwatch.GetTimestamp() >= _until;
        return _missed;
    }

    private EnsembleTuningSection Section(bool isComplete) => new(_machine, isComplete, [.. _members], [.. _tried]);

    // Whole or not at all, and read again: other machines' sections may have come meanwhile.
    private void Save(EnsembleTuningSection section)
    {
        EnsembleTuningFile file = File.Exists(_file) ? EnsembleTuningFile.Read(File.ReadAllText(_file)) : EnsembleTuningFile.Empty;
        byte[] text = Encoding.UTF8.GetBytes(file.With(section).Write());
        OutputFile.Write(_file, stream => stream.Write(text));
    }
}
