using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Ensembles;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Cleave.Build;

/// <summary>The project's ensembles: their members among the models, and a file for each, which the generator reads beside the members' listings.</summary>
/// <param name="ensembles">The items.</param>
/// <param name="projectFile">The absolute path of the project file.</param>
/// <param name="listingFolder">The absolute path of the folder for listings.</param>
/// <param name="assemblyName">The assembly, below which everything lies in the output.</param>
internal sealed class EnsembleFiles(IReadOnlyList<ITaskItem> ensembles, string projectFile, string listingFolder, string assemblyName)
{
    private readonly string _projectFolder = Path.GetDirectoryName(projectFile)!;

    /// <summary>The models, and the members that are none of them, which become models by that.</summary>
    public IEnumerable<ITaskItem> WithMembers(IReadOnlyList<ITaskItem> models)
    {
        HashSet<string> known = new(models.Select(m => ProjectPaths.Absolute(_projectFolder, m.ItemSpec)), ProjectPaths.Comparer);
        foreach (ITaskItem model in models)
            yield return model;
        foreach (string member in ensembles.SelectMany(static e => ItemList.Read(e, "Models")))
        {
            if (IsPath(member) && known.Add(ProjectPaths.Absolute(_projectFolder, member)))
                yield return new TaskItem(TaskItemText.Escape(member));
        }
    }

    /// <summary>Writes the file of each ensemble; gives their paths.</summary>
    /// <param name="places">The models with the members.</param>
    public IEnumerable<string> Write(IReadOnlyList<ModelPlace> places)
    {
        Dictionary<string, ModelPlace> byFile = new(ProjectPaths.Comparer);
        foreach (ModelPlace place in places)
            byFile[place.File] = place;
        HashSet<string> keys = new(StringComparer.OrdinalIgnoreCase);
        foreach (ITaskItem item in ensembles)
        {
            string name = item.ItemSpec.Trim();
            string key = ModelKey.For(name + ".onnx");
            for (int i = 2; !keys.Add(key); i++)
                key = ModelKey.For(name + ".onnx") + "~" + i.ToString(CultureInfo.InvariantCulture);
            string file = Path.Combine(listingFolder, key + EnsembleText.Ending);
            EnsembleListing ensemble = Of(item, name, byFile);
            Directory.CreateDirectory(listingFolder);
            OutputFile.Write(file, stream => EnsembleText.Write(ensemble, stream));
            yield return file;
        }
    }

    /// <summary>What was measured of the ensembles, beside the project, with its places in the output; where it is not there, it was not measured.</summary>
    public IEnumerable<(string File, string Output)> Tunings() => ensembles.Select(e => Output(e.ItemSpec.Trim())).Where(static o => o.Length > 0)
        .Select(o => (Path.Combine(_projectFolder, Path.GetFileName(o) + TuningFile.Ending), o + TuningFile.Ending));

    private EnsembleListing Of(ITaskItem item, string name, Dictionary<string, ModelPlace> places) => new()
    {
        Name = name,
        Source = Path.GetFileName(projectFile),
        Path = Output(name),
        Namespace = item.GetMetadata("Namespace"),
        ClassName = item.GetMetadata("ClassName"),
        Access = item.GetMetadata("Access"),
        Combine = ItemList.Read(item, "Combine"),
        Weights = ItemList.Read(item, "Weights"),
        Devices = ItemList.Read(item, "Devices"),
        Tunings = Tunings(name, out string problem),
        TuningProblem = problem,
        Unused = [.. MetadataNames.Unused(item).Select(static u => new KeyValuePair<string, string>(u.Name, u.Why))],
        Members =
        [
            .. ItemList.Read(item, "Models").Select(member =>
                IsPath(member) && places.TryGetValue(ProjectPaths.Absolute(_projectFolder, member), out ModelPlace? place)
                    ? new EnsembleMemberEntry(place.Linked.Length > 0 ? place.Linked : place.Source, place.Output)
                    : new EnsembleMemberEntry(member, member)),
        ],
    };

    private IReadOnlyList<EnsembleTuningEntry> Tunings(string name, out string problem)
    {
        problem = "";
        string output = Output(name), path = Path.Combine(_projectFolder, Path.GetFileName(output) + TuningFile.Ending);
        if (output.Length == 0 || !File.Exists(path))
            return [];
        try
        {
            return [.. EnsembleTuningFile.Read(File.ReadAllText(path)).Sections
                .Select(static s => new EnsembleTuningEntry(s.Machine.Words, [.. s.Members.Select(static m => m.Graph)]))];
        }
        catch (ListingException e)
        {
            problem = e.Message;
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = "it cannot be read: " + UnreadableFile.Why(e);
            return [];
        }
    }

    // A name that is no file's has no place.
    private string Output(string name) =>
        name.Length > 0 && name[0] != '.' && name.IndexOfAny([.. Path.GetInvalidFileNameChars(), '/', '\\', ':']) < 0 ? "models/" + assemblyName + "/" + name + EnsembleText.Ending : "";

    // What no file can be called is said by the generator: there is no such model.
    private static bool IsPath(string text) => text.IndexOfAny(Path.GetInvalidPathChars()) < 0;
}
