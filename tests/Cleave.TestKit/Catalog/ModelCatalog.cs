using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Cleave.TestKit.Catalog;

/// <summary>All models at hand: those that are built here, the shared ones as published, and the light ones with random weights.</summary>
public static class ModelCatalog
{
    /// <summary>Sorted by name. Shared models are left out where their folder is absent.</summary>
    public static IReadOnlyList<CatalogModel> All { get; } =
        [.. SyntheticCatalog.All.Concat(SharedModels.Exist ? SharedCatalog.All : []).OrderBy(m => m.Name, StringComparer.Ordinal)];

    /// <summary>Where written models may stay: artifacts/models. Writing is quick enough that nothing is kept for reuse.</summary>
    public static string Folder { get; } = Path.Combine(SharedModels.Repository, "artifacts", "models");

    public static CatalogModel Get(string name) =>
        All.FirstOrDefault(m => m.Name == name) ?? throw new KeyNotFoundException($"no model is called {name}");

    // A reader of the folder never sees half a file, whoever else writes there.
    internal static string Save(string folder, string name, Action<Stream> write)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, name + ".onnx"), draft = path + "." + Guid.NewGuid().ToString("N");
        using (FileStream stream = File.Create(draft))
            write(stream);
        File.Move(draft, path, overwrite: true);
        return path;
    }
}
