using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Cleave.Build;

/// <summary>One model of a project: its item, its file, and where what is made from it goes.</summary>
/// <param name="Item">The item.</param>
/// <param name="File">The model's absolute path.</param>
/// <param name="Source">Its path in the project, with forward slashes; begins with <c>../</c> where it lies outside.</param>
/// <param name="Output">Its place below the application's folder, with forward slashes.</param>
/// <param name="Listing">The absolute path of its listing.</param>
/// <param name="Stamp">The absolute path of its stamp.</param>
internal sealed record ModelPlace(ITaskItem Item, string File, string Source, string Output, string Listing, string Stamp)
{
    /// <summary>Further items of the same file; <see cref="Item"/> has their metadata where it had none.</summary>
    public IReadOnlyList<ITaskItem> Others { get; init; } = [];

    /// <summary>A place for each model; one that is listed twice counts once.</summary>
    public static List<ModelPlace> Assign(IEnumerable<ITaskItem> items, string projectFolder, string listingFolder, string assemblyName)
    {
        List<ModelPlace> places = [];
        Places taken = new();
        foreach (IGrouping<string, ITaskItem> model in items.GroupBy(item => ProjectPaths.Absolute(projectFolder, item.ItemSpec), ProjectPaths.Comparer))
        {
            ITaskItem[] others = [.. model.Skip(1)];
            ITaskItem item = others.Length == 0 ? model.First() : Together(model);
            string source = ProjectPaths.Relative(projectFolder, model.Key);
            (string key, string place) = taken.Take(item.GetMetadata("Link").Replace('\\', '/'), source);
            places.Add(new(item, model.Key, source, "models/" + assemblyName + "/" + place,
                Path.Combine(listingFolder, key + ".graph"), Path.Combine(listingFolder, key + ".stamp"))
            {
                Others = others.Length == 0 ? [] : others,
            });
        }
        return places;
    }

    private static TaskItem Together(IEnumerable<ITaskItem> items)
    {
        TaskItem item = new(items.First());
        foreach (ITaskItem other in items.Skip(1))
            other.CopyMetadataTo(item);
        return item;
    }

    /// <summary>The absolute path of a file with weights, which the model names relative to its own folder.</summary>
    public string ExternalFile(string name) => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(File)!, name));

    /// <summary>The place of that file in the output: beside the model.</summary>
    public string ExternalOutput(string name) => Output.Substring(0, Output.LastIndexOf('/') + 1) + name;

    // The names of files in obj, and the places in the output, that models have taken.
    private sealed class Places
    {
        private readonly HashSet<string> _keys = new(StringComparer.OrdinalIgnoreCase);
        private readonly HashSet<string> _outputs = new(ProjectPaths.Comparer);

        // Link says, as on any item, where a file from elsewhere would lie in the project. Where two models would lie in
        // one place, the later one keeps its own; where that is taken too, it gets a folder.
        public (string Key, string Place) Take(string link, string source)
        {
            if (ProjectPaths.StaysInside(link) && !_outputs.Contains(link) && _keys.Add(ModelKey.For(link)))
            {
                _outputs.Add(link);
                return (ModelKey.For(link), link);
            }
            string key = ModelKey.For(source);
            // Two paths that differ in case alone: the build may run where file names do not.
            for (int i = 2; !_keys.Add(key); i++)
                key = ModelKey.For(source) + "~" + i.ToString(CultureInfo.InvariantCulture);
            if (ProjectPaths.StaysInside(source) && _outputs.Add(source))
                return (key, source);
            string place = key + "/" + Path.GetFileName(source);
            _outputs.Add(place);
            return (key, place);
        }
    }
}
