using System.Collections.Generic;
using System.IO;
using Microsoft.Build.Framework;

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
    /// <summary>A place for each model; one that is listed twice counts once.</summary>
    public static List<ModelPlace> Assign(IEnumerable<ITaskItem> items, string projectFolder, string listingFolder, string assemblyName)
    {
        List<ModelPlace> places = [];
        HashSet<string> files = new(ProjectPaths.Comparer);
        HashSet<string> keys = new(System.StringComparer.OrdinalIgnoreCase);
        foreach (ITaskItem item in items)
        {
            string file = ProjectPaths.Absolute(projectFolder, item.ItemSpec);
            if (!files.Add(file))
                continue;
            string source = ProjectPaths.Relative(projectFolder, file);
            // Link says, as on any item, where a file from elsewhere would lie in the project. Where two items
            // would lie in one place, the later one keeps its own.
            string inProject = item.GetMetadata("Link").Replace('\\', '/');
            string key = ModelKey.For(inProject);
            if (!ProjectPaths.StaysInside(inProject) || !keys.Add(key))
            {
                inProject = source;
                key = ModelKey.For(source);
                // Two paths that differ in case alone: the build may run where file names do not.
                for (int i = 2; !keys.Add(key); i++)
                    key = ModelKey.For(source) + "~" + i.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
            string place = ProjectPaths.StaysInside(inProject) ? inProject : key + "/" + Path.GetFileName(file);
            places.Add(new(item, file, source, "models/" + assemblyName + "/" + place,
                Path.Combine(listingFolder, key + ".graph"), Path.Combine(listingFolder, key + ".stamp")));
        }
        return places;
    }

    /// <summary>The absolute path of a file with weights, which the model names relative to its own folder.</summary>
    public string ExternalFile(string name) => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(File)!, name));

    /// <summary>The place of that file in the output: beside the model.</summary>
    public string ExternalOutput(string name) => Output.Substring(0, Output.LastIndexOf('/') + 1) + name;
}
