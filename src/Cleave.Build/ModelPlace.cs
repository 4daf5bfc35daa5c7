using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Onnx;
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
    private const string LinkUse = "use the path of a file below the folder of all models, as in nets/face.onnx";

    /// <summary>Metadata of the item: another place in the output.</summary>
    public const string Link = nameof(Link);

    /// <summary>The item's <see cref="Link"/>, with forward slashes; "" where there is none, or one that is wrong.</summary>
    public string Linked { get; init; } = "";

    /// <summary>What is wrong with the item's <see cref="Link"/>.</summary>
    public IReadOnlyList<Problem> Problems { get; init; } = [];

    /// <summary>Further items of the same file; <see cref="Item"/> has their metadata where it had none.</summary>
    public IReadOnlyList<ITaskItem> Others { get; init; } = [];

    /// <summary>A place for each model; one that is listed twice counts once.</summary>
    public static List<ModelPlace> Assign(IEnumerable<ITaskItem> items, string projectFolder, string listingFolder, string assemblyName)
    {
        List<ModelPlace> places = [];
        Keys keys = new();
        foreach (IGrouping<string, ITaskItem> model in items.GroupBy(item => ProjectPaths.Absolute(projectFolder, item.ItemSpec), ProjectPaths.Comparer))
        {
            ITaskItem[] others = [.. model.Skip(1)];
            ITaskItem item = others.Length == 0 ? model.First() : Together(model);
            string source = ProjectPaths.Relative(projectFolder, model.Key);
            // As on any item, where a file from elsewhere would lie in the project.
            string link = item.GetMetadata(Link);
            string? linked = link.Length == 0 ? null : BelowFolder(link);
            string key = keys.Take(linked ?? source);
            // Two files for one place are found where they are copied.
            string output = linked ?? (ProjectPaths.StaysInside(source) ? source : key + "/" + Path.GetFileName(source));
            places.Add(new(item, model.Key, source, "models/" + assemblyName + "/" + output,
                Path.Combine(listingFolder, key + ".graph"), Path.Combine(listingFolder, key + ".stamp"))
            {
                Linked = linked ?? "",
                Others = others.Length == 0 ? [] : others,
                Problems = link.Length > 0 && linked is null ? [new Problem(Rules.BadMetadata, Link, link, LinkUse)] : [],
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

    private static string? BelowFolder(string link) =>
        ExternalLocation.Below(link) is { } path && ProjectPaths.StaysInside(path) && link[link.Length - 1] is not ('/' or '\\') ? path : null;

    // The names of files in obj that models have taken.
    private sealed class Keys
    {
        private readonly HashSet<string> _keys = new(StringComparer.OrdinalIgnoreCase);

        public string Take(string path)
        {
            string key = ModelKey.For(path);
            // Two paths that differ in case alone: the build may run where file names do not.
            for (int i = 2; !_keys.Add(key); i++)
                key = ModelKey.For(path) + "~" + i.ToString(CultureInfo.InvariantCulture);
            return key;
        }
    }
}
