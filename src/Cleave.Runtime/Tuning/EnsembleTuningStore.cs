using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Logging;
using Cleave.Sources;
using Microsoft.Extensions.Logging;

namespace Cleave.Tuning;

/// <summary>
/// Where an ensemble's runner finds what <c>cleave tune --ensemble</c> measured: in the folder that CLEAVE_TUNE names, and in the output, beside the members. A file that
/// is damaged, of other members, or cannot be read never keeps a runner from working.
/// </summary>
internal static class EnsembleTuningStore
{
    /// <summary>The cells of the processor that were the best; null where none were deployed.</summary>
    public static InstanceGroup[]? Cells(EnsembleTuningSection? section, int cores) =>
        section?.Best is { } best ? [.. best.Cells.Select(c => c with { Count = Math.Min(c.Count, cores), Threads = Math.Min(c.Threads, cores) })] : null;

    /// <summary>What a runner goes by on this machine, whatever requests it was measured with; null where nothing is known.</summary>
    /// <param name="file">What was measured.</param>
    /// <param name="definition">The ensemble.</param>
    /// <param name="cores">Its cores.</param>
    /// <param name="why">Gets why what was measured on this machine is not used, as what is said of the file; null where nothing was.</param>
    public static EnsembleTuningSection? Find(EnsembleTuningFile file, EnsembleDefinition definition, int cores, out string? why)
    {
        EnsembleTuningSection? section = file.Find(ThisMachine.Of(cores));
        why = section is null || section.IsOf(definition.Members.Select(static m => m.Model.Hash)) ? null : "was measured of other members or other graphs";
        return why is null ? section : null;
    }

    /// <summary>What was measured on this machine; null where nothing is known.</summary>
    /// <param name="definition">The ensemble.</param>
    /// <param name="cores">Its cores.</param>
    /// <param name="logger">Gets a line for each file that is not used.</param>
    public static EnsembleTuningSection? Load(EnsembleDefinition definition, int cores, ILogger logger)
    {
        if (definition.Path.Length == 0)
            return null;
        string file = definition.Path + TuningFile.Ending;
        string? tuned = Environment.GetEnvironmentVariable(TuningStore.FolderVariable);
        IEnumerable<string> places = ModelLocation.Places(file, Environment.GetEnvironmentVariable(ModelLocation.FolderVariable));
        return (string.IsNullOrWhiteSpace(tuned) ? places : places.Prepend(Path.GetFullPath(Path.Combine(tuned, file))))
            .Select(place => Load(definition, place, cores, logger)).FirstOrDefault(static s => s is not null);
    }

    private static EnsembleTuningSection? Load(EnsembleDefinition definition, string path, int cores, ILogger logger)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            EnsembleTuningSection? section = Find(EnsembleTuningFile.Read(File.ReadAllText(path)), definition, cores, out string? why);
            if (why is not null)
                Log.TuningRefused(logger, definition.Name, path, "it " + why + "; tune again");
            else if (section is null)
                Log.TunedElsewhere(logger, definition.Name, path, ThisMachine.Of(cores).Words);
            return section;
        }
        catch (Exception e) when (e is ListingException or IOException or UnauthorizedAccessException)
        {
            Log.TuningRefused(logger, definition.Name, path, e.Message);
        }
        return null;
    }
}
