using System;
using System.Linq;

namespace Cleave.Tool.Ensembles;

/// <summary>What <c>cleave tune --ensemble</c> measures: the processor, the accelerators that are listed, or first the one and then both together.</summary>
internal static class EnsembleTuning
{
    /// <summary>What is known now. Null where there was not even time for one matrix.</summary>
    public static EnsembleReport? Run(EnsembleModels models, EnsembleTuningJournal journal, int cores, Action<string> progress)
    {
        if (journal.WhyAnew() is { } why)
            progress($"{journal.File} {why}: measuring anew with {models.Requests.Words}");
        string[] devices = models.Definition.Devices;
        if (devices.Length > 0 && !devices.Contains("cpu"))
            return new EnsembleDeviceTuneRun(models, journal, cores, progress).Run();
        EnsembleReport? processor = new EnsembleTuneRun(models, journal, cores, progress).Run();
        if (devices.Length == 0)
            return processor;
        return journal.Missed ? null : new EnsembleDeviceTuneRun(models, journal, cores, progress).Run();
    }
}
