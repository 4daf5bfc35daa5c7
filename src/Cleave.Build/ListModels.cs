using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Cleave.Build;

/// <summary>
/// Writes the listing of each model that changed, or whose options did, and says what to compile and what to copy.
/// A bad model is no error here: what is wrong with it stands in its listing, and the generator reports it.
/// </summary>
[MSBuildMultiThreadableTask]
public sealed class ListModels : Task, ICancelableTask, IDisposable
{
    private const string TargetPath = "TargetPath";
    private readonly CancellationTokenSource _cancel = new();
    private readonly List<ITaskItem> _listings = [];
    private readonly List<ITaskItem> _ensembles = [];
    private readonly List<ITaskItem> _content = [];
    private readonly List<ITaskItem> _written = [];
    private readonly OutputPlaces _outputs = new();

    /// <summary>The models, as the project spells their paths, with their item metadata.</summary>
    [Required]
    public ITaskItem[] Models { get; set; } = [];

    /// <summary>The ensembles, with their item metadata. Their members are models, whether the project lists them or not.</summary>
    public ITaskItem[] Ensembles { get; set; } = [];

    /// <summary>The absolute path of the project file.</summary>
    [Required]
    public string ProjectFile { get; set; } = "";

    /// <summary>The absolute path of the folder for listings.</summary>
    [Required]
    public string ListingFolder { get; set; } = "";

    [Required]
    public string AssemblyName { get; set; } = "";

    public string RootNamespace { get; set; } = "";

    /// <summary>Whether there were OnnxModel items before the package made any: then updates of them are effective.</summary>
    public bool ListsItself { get; set; }

    /// <summary><c>require</c>: every model must have a contract; "": those that have one are compared with it.</summary>
    public string Contracts { get; set; } = "";

    /// <summary>One listing for each model.</summary>
    [Output]
    public ITaskItem[] Listings => [.. _listings];

    /// <summary>One file for each ensemble, which says what its members are and how they are combined.</summary>
    [Output]
    public ITaskItem[] EnsembleListings => [.. _ensembles];

    /// <summary>The models and the files with their weights, with their places in the output as TargetPath, and what they lead to, where they are links, as CleaveFile.</summary>
    [Output]
    public ITaskItem[] Content => [.. _content];

    /// <summary>Every file made, this time or before.</summary>
    [Output]
    public ITaskItem[] Written => [.. _written];

    public void Cancel() => _cancel.Cancel();

    public void Dispose() => _cancel.Dispose();

    public override bool Execute()
    {
        string projectFolder = Path.GetDirectoryName(ProjectFile)!;
        WarnOfIgnoredUpdates();
        CheckProperties();
        EnsembleFiles ensembles = new(Ensembles, ProjectFile, ListingFolder, AssemblyName);
        List<ModelPlace> places = ModelPlace.Assign(ensembles.WithMembers(Models), projectFolder, ListingFolder, AssemblyName);
        WriteEnsembles(ensembles, places);
        foreach (ModelPlace place in places)
        {
            if (_cancel.IsCancellationRequested)
                return false;
            try
            {
                AddContent(place, BringUpToDate(place));
            }
            catch (OperationCanceledException)
            {
                return false;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.SecurityException)
            {
                Log.Report(Rules.ListingFailed, place.File, 0, place.Source, e.Message);
            }
            _listings.Add(Item(place.Listing));
            _written.Add(Item(place.Listing));
            _written.Add(Item(place.Stamp));
        }
        return !Log.HasLoggedErrors;
    }

    private void WriteEnsembles(EnsembleFiles ensembles, List<ModelPlace> places)
    {
        try
        {
            foreach (string file in ensembles.Write(places))
            {
                _ensembles.Add(Item(file));
                _written.Add(Item(file));
            }
            foreach ((string file, string output) in ensembles.Tunings())
            {
                if (File.Exists(file) && _outputs.Take(output, file, copied: true, out _))
                    AddFile(file, output, CopyWhen.Default);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.SecurityException)
        {
            Log.Report(Rules.ListingFailed, ProjectFile, 0, Path.GetFileName(ProjectFile), e.Message);
        }
    }

    private void CheckProperties()
    {
        if (Contracts.Length > 0 && !ContractsRequired)
            Log.Report(Rules.BadProperty, ProjectFile, 0, Path.GetFileName(ProjectFile), "CleaveContracts", Contracts, "use require, or leave it out");
    }

    private bool ContractsRequired => Contracts.Equals("require", StringComparison.OrdinalIgnoreCase);

    // Makes the listing where it is missing or made from something else; gives the names of the files with weights.
    private IReadOnlyList<string> BringUpToDate(ModelPlace place)
    {
        ListingOptions options = ModelOptions.For(place, RootNamespace);
        ModelChecks checks = new(place, Path.GetDirectoryName(ProjectFile)!, ContractsRequired);
        string stamp = ReadStamp(place.Stamp);
        List<string> known = Stamp.ExternalFiles(stamp);
        return stamp == Stamp.Text(place, options, checks, known) && File.Exists(place.Listing) ? known : List(place, options, checks);
    }

    // What cannot be read, since a build beside this one replaces it, is no stamp.
    private static string ReadStamp(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file) : "";
        }
        // On Windows a file that is just being replaced denies access.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private IReadOnlyList<string> List(ModelPlace place, ListingOptions options, ModelChecks checks)
    {
        Log.LogMessage(MessageImportance.High, "Cleave: reading {0}", place.Source);
        Directory.CreateDirectory(ListingFolder);
        // Without words in the stamp, whatever happens from here on, the next build lists again. The file stays: another process may be about to read or replace it.
        if (File.Exists(place.Stamp))
            OutputFile.Write(place.Stamp, static _ => { });
        string before = Stamp.Text(place, options, checks, []);
        ModelListing listing = checks.Check(ModelLister.List(place.File, options, _cancel.Token));
        OutputFile.Write(place.Listing, stream => ListingWriter.Write(listing, stream));
        // A model with an error gets no stamp: what mends it (permissions, a link) may leave length and time as they
        // are. Nor does one that was replaced while it was read.
        if (listing.Problems.All(p => p.Rule.Severity != Severity.Error) && checks.AllRead && before == Stamp.Text(place, options, checks, []))
        {
            byte[] stamp = System.Text.Encoding.UTF8.GetBytes(Stamp.Text(place, options, checks, listing.ExternalFiles));
            OutputFile.Write(place.Stamp, stream => stream.Write(stamp, 0, stamp.Length));
        }
        return listing.ExternalFiles;
    }

    // What is missing is reported through the listing; copying it would only add a second error.
    private void AddContent(ModelPlace place, IReadOnlyList<string> externalFiles)
    {
        if (!AddFile(place, place.File, place.Output))
            return;
        // What was measured of it (docs/tuning.md) lies beside it, where the runner looks.
        AddFile(place, place.File + TuningFile.Ending, place.Output + TuningFile.Ending);
        foreach (string name in externalFiles)
        {
            string inOutput = name.Replace('\\', '/');
            if (ProjectPaths.StaysInside(inOutput))
                AddFile(place, place.ExternalFile(inOutput), place.ExternalOutput(inOutput));
        }
    }

    // False where another file has the place.
    private bool AddFile(ModelPlace place, string file, string output)
    {
        if (!File.Exists(file))
            return true;
        CopyWhen copied = CopyWhen.Of(place.Item);
        if (_outputs.Take(output, file, copied.Anywhere, out string? other))
        {
            AddFile(file, output, copied);
        }
        else if (other != null)
        {
            string projectFolder = Path.GetDirectoryName(ProjectFile)!;
            Log.Report(Rules.OnePlaceForTwo, place.File, 0, ProjectPaths.Relative(projectFolder, file), output, ProjectPaths.Relative(projectFolder, other));
        }
        else if (_content.Find(c => c.GetMetadata(TargetPath) == output && CopyWhen.Of(c).Anywhere) is { } shared)
        {
            CopyWhen.Of(shared).Or(copied).Set(shared);
        }
        return other is null;
    }

    private void AddFile(string file, string output, CopyWhen copied)
    {
        TaskItem item = Item(file);
        item.SetMetadata(TargetPath, TaskItemText.Escape(output));
        item.SetMetadata("CleaveSource", TaskItemText.Escape(file));
        item.SetMetadata("CleaveFile", TaskItemText.Escape(LinkedFile.Find(file)?.Path ?? file));
        copied.Set(item);
        _content.Add(item);
    }

    private void WarnOfIgnoredUpdates()
    {
        foreach (int line in ListsItself ? [] : IgnoredUpdates.In(ProjectFile))
            Log.Report(Rules.UpdateIgnored, ProjectFile, line, Path.GetFileName(ProjectFile));
    }

    private static TaskItem Item(string path) => new(TaskItemText.Escape(path));
}
