using System;
using System.IO;
using System.Linq;
using Cleave.Core.Ensembles;
using Cleave.Core.Parts;
using Cleave.Tuning;

namespace Cleave.Tool.Ensembles;

/// <summary><c>cleave plan --ensemble</c>: the matrix that was measured for this machine, or else the one that is predicted to be the best.</summary>
internal static class EnsemblePlanRun
{
    /// <param name="models">The members.</param>
    /// <param name="folder">Where the project is.</param>
    /// <param name="cores">For how many cores.</param>
    /// <exception cref="RefusedException">The members do not fit into memory, or nothing can be predicted for one.</exception>
    /// <exception cref="DamagedFileException">The tuning file is damaged.</exception>
    public static EnsembleReport Run(EnsembleModels models, string folder, int cores)
    {
        string file = models.FileIn(folder);
        string? stale = null;
        EnsembleTuningSection? section = File.Exists(file) ? EnsembleTuningStore.Find(LinesFile.Read(file, EnsembleTuningFile.Read), models.Definition, cores, out stale) : null;
        MeasuredRequests asked = models.Requests with { Fills = section?.Requests?.Fills ?? [] };
        // Of other requests it says nothing. Where it does not tell them, it is still what a runner goes by.
        string? others = section?.Requests is null ? null : section.WhyNotOf(asked);
        if (others is not null)
            section = null;
        string? note = section is null ? null
            : section.Requests is null ? $"{file} {section.WhyNotOf(asked)}. Runners go by it all the same; cleave tune measures anew."
            : asked.Fills.Count > 0 ? $"It was measured with {string.Join(", ", asked.Fills)}." : null;
        if (models.Definition.Devices is { Length: > 0 } names)
            return OnDevices(models, section, names, cores, file, others ?? stale) with { Note = note };
        if (section is not null && EnsembleReport.Of(models.Name, section, file) is { } measured)
            return measured with { Note = note };
        CallTimes[] times = [.. models.Definition.Members.Select(m => m.Model.Times?.ToCallTimes()
            ?? throw new RefusedException($"Nothing is predicted for '{m.Name}': measure it, cleave tune --ensemble {models.Name} …"))];
        long[] elements = [.. models.Specs.Select((_, m) => models.Inputs(m, 1).Inputs.Sum(static i => (long)i.Count))];
        AllocationProblem problem = new(
            [EnsembleDevice.Cpu(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, cores)],
            [.. models.Specs.Select((s, m) => new MemberMemory(models.Paths[m], s.Facts.WeightBytes, models.Inputs(m, 1).Inputs.Sum(static i => (long)i.Bytes.Length)))]);
        FirstAllocation first = WorstFitDecreasing.Place(problem);
        if (!first.Fits)
            throw new RefusedException($"The ensemble '{models.Name}' does not fit: {first.Words(problem)}.");
        ThroughputSimulator simulator = new(problem, (_, m, cell) => times[m].Of(elements[m], cell.Batch).At(cell.Threads) / 1e6, ThroughputSimulator.SamplesFor(problem));
        FoundAllocation found = AllocationSearch.Predict(problem, first.Matrix, EnsembleTuneRun.Untuned(cores, times.Length), simulator);
        return new EnsembleReport(
            models.Name, cores, "predicted", [.. problem.Models.Select((memory, m) => EnsembleMemberReport.Of(memory, found.Matrix[0, m]))], found.Throughput, null, 0, true, null)
        {
            Note = others is not null ? $"{file} {others}, and runners go by that: give the same --dims and --outputs to see it."
                : stale is not null ? $"{file} {stale}, and runners do not go by it: tune again." : null,
        };
    }

    // Nothing is predicted of accelerators: their memory and speed are seen there only.
    private static EnsembleReport OnDevices(EnsembleModels models, EnsembleTuningSection? section, string[] names, int cores, string file, string? why) =>
        section?.On(names) is { } tuned && EnsembleReport.Of(models.Name, cores, tuned, file) is { } measured
            ? measured
            : throw new RefusedException(
                $"There is no matrix of '{models.Name}' on {string.Join(", ", names)} for this machine{(why is null ? "" : $", only one that {why}")}: measure it, cleave tune --ensemble {models.Name} --device {string.Join(",", names)} …. Until then members go where there is room.");
}
