using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Logging;
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
    // Read only where a file is there or is written.
    private readonly Lazy<IReadOnlyList<TunedPlan>> _splits;
    // Named only where a file is there: it takes a millisecond.
    private readonly Lazy<MachineSignature> _machine;
    private readonly ILogger _logger;
    private readonly string? _folder;
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
        _splits = new(() => TunedPlans.Of(definition));
        _machine = machine;
        _logger = logger;
        string? named = string.IsNullOrWhiteSpace(folder) ? null : Path.GetFullPath(Path.Combine(folder, definition.Path + TuningFile.Ending));
        _folder = named is null ? null : Path.GetFullPath(folder!);
        string? beside = path is null ? null : path + TuningFile.Ending;
        _paths = [.. new[] { named, beside }.OfType<string>()];
    }

    public MachineSignature Machine => _machine.Value;

    /// <summary>Whether the process is to tune by itself what nothing is known of.</summary>
    public bool IsAsked => _folder != null;

    /// <summary>Whether something was left out of what was loaded: it is of other splits than this build makes.</summary>
    public bool IsLess { get; private set; }

    /// <summary>Why nothing can be kept in the folder that CLEAVE_TUNE names, as far as its file says so; null: it can, or was not looked at.</summary>
    public string? WhyNotKept { get; private set; }

    /// <summary>The section of this machine and graph; null where there is none.</summary>
    public TuningSection? Load() => _paths.Select(Load).FirstOrDefault(static s => s != null);

    /// <summary>
    /// Waits until no other process measures for the folder that CLEAVE_TUNE names: they would measure each other. Null where none is named, or it allows no lock.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was cancelled first.</exception>
    public IDisposable? TakeTurn(CancellationToken token) => _folder is null ? null : TuningLock.ToMeasure(_folder, token);

    /// <summary>What is known, and what others have written into the file since.</summary>
    /// <param name="known">What is known; null: nothing.</param>
    public TuningSection? Latest(TuningSection? known)
    {
        try
        {
            if (_paths is not [var path, ..] || !File.Exists(path) || TuningFile.Read(File.ReadAllText(path)).Find(Machine) is not { } found || found.Hash != _hash)
                return known;
            return known is null ? found.For(_splits.Value) : known.Beside(found);
        }
        catch (Exception e) when (e is ListingException or IOException or UnauthorizedAccessException)
        {
            // Said where it is opened and where it is written.
            return known;
        }
    }

    /// <summary>Puts a section into the file, in the place of the one of this machine. What others wrote there meanwhile stays.</summary>
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
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using IDisposable? held = TuningLock.ToWrite(path);
            TuningFile file = File.Exists(path) ? TuningFile.Read(File.ReadAllText(path)) : TuningFile.Empty;
            if (file.Find(section.Machine) is { } before)
                section = section.Beside(before);
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
            why = e.IsLater ? path + " cannot be read (" + e.Message + ")" : path + " is damaged (" + e.Message + "); correct or delete it";
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
                return Fitting(section, path);
        }
        catch (Exception e) when (e is ListingException or IOException or UnauthorizedAccessException)
        {
            Log.TuningRefused(_logger, _model, path, e.Message);
            if (_folder is not null && path == _paths[0])
                WhyNotKept = path + " cannot be read (" + e.Message + ")";
        }
        return null;
    }

    // Of the splits that the code has now.
    private TuningSection? Fitting(TuningSection section, string path)
    {
        TuningSection fitting = section.For(_splits.Value);
        IsLess = fitting.Requests.Sum(static r => r.Times.Count) < section.Requests.Sum(static r => r.Times.Count);
        if (IsLess)
            Log.TuningRefused(_logger, _model, path, "what it says of splits is of others than this build makes (other Dims, Outputs, or version of Cleave), and is left out; tune again");
        return fitting.Requests.Count > 0 || section.Requests.Count == 0 ? fitting : null;
    }
}
