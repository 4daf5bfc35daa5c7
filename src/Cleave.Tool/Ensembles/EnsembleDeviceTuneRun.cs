using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;

namespace Cleave.Tool.Ensembles;

/// <summary>
/// <c>cleave tune --ensemble --device</c>: the same as <see cref="EnsembleTuneRun"/> on accelerators, and on the processor beside them where it is listed; what members take
/// there was measured before. A matrix that lacks memory counts as one that gives nothing, as in the paper.
/// </summary>
/// <param name="models">The members and devices.</param>
/// <param name="journal">Where it is written.</param>
/// <param name="cores">The cores of all members.</param>
/// <param name="progress">Told what is measured now.</param>
internal sealed class EnsembleDeviceTuneRun(EnsembleModels models, EnsembleTuningJournal journal, int cores, Action<string> progress)
{
    // No sample waits so long: what did not run is never chosen.
    private const double Never = 1e6;

    private const string Cpu = "cpu";

    private readonly EnsembleTuningSection _known = journal.Read();
    private readonly string[] _names = models.Definition.Devices;
    private readonly List<TunedDeviceMember> _members = [];
    private readonly List<TunedMatrix> _tried = [];
    private TunedChoice? _chosen;

    /// <summary>What is known now. Null where there was not even time for one matrix.</summary>
    /// <exception cref="RefusedException">The ensemble does not fit, or no matrix ran.</exception>
    /// <exception cref="CleaveException">A device cannot be used, or was lost.</exception>
    public EnsembleReport? Run()
    {
        TunedDevices? known = _known.On(_names);
        _members.AddRange(known?.Members ?? _known.Members.Select(static m => new TunedDeviceMember(new MemberMemory(m.Memory.Name, m.Memory.Weights, 0), [])));
        _tried.AddRange(known?.Tried ?? []);
        _chosen = known?.Chosen;
        for (int m = 0; m < _members.Count; m++)
            Measure(m);
        if (!journal.Missed)
            Deploy();
        TunedDevices measured = Measured(!journal.Missed);
        Save(measured);
        return EnsembleReport.Of(models.Name, cores, measured, journal.File);
    }

    private void Measure(int m)
    {
        DeviceTimer timer = new(models, m, cores, journal.Token);
        for (int d = 0; d < _names.Length; d++)
        {
            if (_names[d] == Cpu)
                continue;
            foreach (int batch in DeviceTimer.Missing(_members[m].Times, d))
            {
                if (journal.IsOver())
                    return;
                progress($"{models.Paths[m]} {_names[d]} {batch}");
                long time = timer.Time(_names[d], batch);
                _members[m] = new TunedDeviceMember(timer.Memory(_members[m].Memory), [.. _members[m].Times, new TunedDeviceCell(d, batch, time)]);
                Save(Measured(isComplete: false));
                if (DeviceTimer.IsEnough(time))
                    break;
            }
        }
    }

    private void Deploy()
    {
        AllocationProblem problem = new([.. models.DeviceMemory().Select((room, d) => Device(d, room))], [.. _members.Select(static m => m.Memory)]);
        FirstAllocation first = WorstFitDecreasing.Place(problem);
        if (!first.Fits)
            throw new RefusedException($"The ensemble '{models.Name}' does not fit: {first.Words(problem)}.");
        ThroughputSimulator simulator = new(problem, Seconds, ThroughputSimulator.SamplesFor(problem));
        // As a runner does that knows nothing; the others are compared with it.
        AllocationMatrix untuned = IdleAccelerators.Fill(problem, first.Matrix, [.. Enumerable.Range(0, _members.Count).Select(m => Seconds(0, m, problem.Devices[0].Choices[0]))]);
        AllocationMatrix predicted = AllocationSearch.Predict(problem, first.Matrix, untuned, simulator).Matrix;
        int known = _tried.Count;
        double before = Throughput(untuned), after = Throughput(predicted);
        FoundAllocation found = AllocationSearch.Improve(problem, before > after ? untuned : predicted, Throughput, EnsembleTuneRun.Deployed);
        if (found.Throughput > 0 || journal.Missed)
        {
            // What was chosen from fewer may be no more the best.
            if (_tried.Count > known)
                _chosen = null;
            _chosen ??= new MatrixComparison(journal, progress).Choose(_tried, untuned, Time, cells => AllocationMatrix.Of(_names.Length, _members.Count, cells));
            return;
        }
        // Others may use the devices less the next time.
        _tried.Clear();
        Save(Measured(isComplete: false));
        throw new RefusedException($"No matrix of '{models.Name}' ran on {string.Join(", ", _names)}: each lacked memory there.");
    }

    private EnsembleDevice Device(int d, long room)
    {
        if (_names[d] == Cpu)
            return EnsembleTuneRun.Cpu(_known.Members, cores);
        int[] batches = [.. _members.SelectMany(m => m.Times.Where(t => t.Device == d && t.Nanoseconds > 0).Select(static t => t.Batch)).Distinct().Order()];
        return batches.Length > 0 ? EnsembleDevice.Accelerator(_names[d], room, batches) : throw new RefusedException($"No member ran on {_names[d]}: each lacked memory there, alone.");
    }

    private double Seconds(int d, int m, InstanceGroup cell)
    {
        if (_names[d] == Cpu)
            return EnsembleTuneRun.Seconds(_known.Members[m], cell);
        return _members[m].Times.FirstOrDefault(t => t.Device == d && t.Batch == cell.Batch) is { Nanoseconds: > 0 } time ? time.Nanoseconds / 1e9 : Never;
    }

    private double Throughput(AllocationMatrix matrix)
    {
        if (_tried.Find(t => t.Cells.SequenceEqual(matrix.Cells)) is { } known)
            return known.Throughput;
        if (journal.IsOver())
            return 0;
        progress($"matrix {_tried.Count + 1}: {string.Join("; ", models.Paths.Select((p, m) => p + " on " + Words(matrix, m)))}");
        long time = 0;
        try
        {
            time = Time(matrix);
        }
        catch (CleaveException e) when (DeviceTimer.LacksMemory(e))
        {
            progress("it lacks memory: " + e.Message);
        }
        // Also one that did not run: the first is what the others are compared with.
        TunedMatrix tried = new(matrix.Cells, time);
        _tried.Add(tried);
        Save(Measured(isComplete: false));
        return tried.Throughput;
    }

    private long Time(AllocationMatrix matrix)
    {
        EnsembleOptions options = models.Options(cores);
        options.DeviceCells = models.Paths.Select((p, m) => (p, m)).ToDictionary(static c => c.p, c => Cells(matrix, c.m), StringComparer.Ordinal);
        int samples = MatrixTimer.Samples * Math.Max(1, _names.Count(static n => n != Cpu));
        return MatrixTimer.Time(models.Definition, options, models.Request(samples), samples, journal.Token);
    }

    private IReadOnlyDictionary<string, EnsembleCell> Cells(AllocationMatrix matrix, int m)
    {
        Dictionary<string, EnsembleCell> cells = new(StringComparer.Ordinal);
        for (int d = 0; d < _names.Length; d++)
        {
            if (matrix[d, m] is { Count: > 0 } cell)
                cells.Add(_names[d], new EnsembleCell(cell.Count, cell.Threads, cell.Batch));
        }
        return cells;
    }

    private string Words(AllocationMatrix matrix, int m) => string.Join(" and ", Cells(matrix, m).Select(static c => c.Key + " " + c.Value));

    private TunedDevices Measured(bool isComplete) => new(_names, isComplete, [.. _members], [.. _tried]) { Chosen = _chosen };

    private void Save(TunedDevices measured) => journal.Save(_known.With(measured));
}
