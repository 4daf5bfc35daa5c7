using System;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Microsoft.Extensions.Logging;

namespace Cleave.Tuning;

/// <summary>
/// Where a runner finds what was measured, and puts it: in the folder that CLEAVE_TUNE names, and beside the model's file. A file that is damaged, of another model, or
/// cannot be read or written never keeps a runner from working.
/// </summary>
internal sealed class TuningStore
{
    public const string FolderVariable = "CLEAVE_TUNE";

    private readonly string _model;
    private readonly string _hash;
    // Named only where a file is there: it takes a millisecond.
    private readonly Lazy<MachineSignature> _machine;
    private readonly ILogger _logger;
    // The first is where it is written.
    private readonly string[] _paths;

    /// <param name="definition">The model.</param>
    /// <param name="path">Its file; null for one in memory.</param>
    /// <param name="folder">What CLEAVE_TUNE says.</param>
    /// <param name="machine">This machine.</param>
    /// <param name="logger">Gets a line for each file that is not used.</param>
    public TuningStore(ModelDefinition definition, string? path, string? folder, Lazy<MachineSignature> machine, ILogger logger)
    {
        _model = definition.Name;
        _hash = definition.Hash;
        _machine = machine;
        _logger = logger;
        string? named = string.IsNullOrWhiteSpace(folder) ? null : Path.GetFullPath(Path.Combine(folder, definition.Path + TuningFile.Ending));
        IsAsked = named != null;
        string? beside = path is null ? null : path + TuningFile.Ending;
        _paths = [.. new[] { named, beside }.OfType<string>()];
    }

    public MachineSignature Machine => _machine.Value;

    /// <summary>Whether the process is to tune by itself what nothing is known of.</summary>
    public bool IsAsked { get; }

    /// <summary>The section of this machine and graph; null where there is none.</summary>
    public TuningSection? Load() => _paths.Select(Load).FirstOrDefault(static s => s != null);

    /// <summary>Puts a section into the file, in the place of the one of this machine.</summary>
    /// <param name="section">What was measured.</param>
    /// <param name="why">Why it could not be written.</param>
    /// <returns>The file; null where it could not be written.</returns>
    public string? Save(TuningSection section, out string why)
    {
        why = "the model has no file, and " + FolderVariable + " names no folder";
        if (_paths is not [var path, ..])
            return null;
        try
        {
            TuningFile file = File.Exists(path) ? TuningFile.Read(File.ReadAllText(path)) : TuningFile.Empty;
            // What was measured of the machine's accelerator stays.
            if (section.Accelerator.Count == 0 && file.Find(section.Machine) is { } before)
                section = section with { Accelerator = before.Accelerator };
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            string written = file.With(section).Write();
            if (WhyUnreadable(written) is { } reason)
            {
                why = "the text would be a damaged " + path + " (" + reason + "); please report this";
                return null;
            }
            byte[] text = Encoding.UTF8.GetBytes(written);
            OutputFile.Write(path, stream => stream.Write(text));
            return path;
        }
        catch (ListingException e)
        {
            // What others measured is not thrown away because of a broken line.
            why = path + " is damaged (" + e.Message + "); correct or delete it";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            why = e.Message;
        }
        return null;
    }

    // A file that only looks written would keep the sections of other machines from being read, too.
    private static string? WhyUnreadable(string text)
    {
        try
        {
            TuningFile.Read(text);
            return null;
        }
        catch (ListingException e)
        {
            return e.Message;
        }
    }

    private TuningSection? Load(string path)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            TuningFile file = TuningFile.Read(File.ReadAllText(path));
            TuningSection? section = file.Find(Machine);
            if (section is null or { IsOfAccelerator: true })
                Log.TunedElsewhere(_logger, _model, path, Machine.Words);
            else if (section.Hash != _hash)
                Log.TuningRefused(_logger, _model, path, "it was measured on another graph, " + section.Hash + " instead of " + _hash + "; tune again");
            else
                return section;
        }
        catch (Exception e) when (e is ListingException or IOException or UnauthorizedAccessException)
        {
            Log.TuningRefused(_logger, _model, path, e.Message);
        }
        return null;
    }
}
