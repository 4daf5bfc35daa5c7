using System;
using System.IO;
using Cleave.Core.Diagnostics;
using Cleave.Generated;

namespace Cleave.Sources;

/// <summary>Finds the model's file: what the options say, else CLEAVE_MODELS, else beside the application.</summary>
internal static class ModelLocation
{
    public const string FolderVariable = "CLEAVE_MODELS";

    public static ModelSource Resolve(ModelDefinition definition, RunnerOptions options)
    {
        if (options.Model is { Path: null } inMemory)
            return inMemory;
        string path = options.Model?.Path ?? DefaultPath(definition, Environment.GetEnvironmentVariable(FolderVariable));
        if (!File.Exists(path))
            throw new CleaveException(Rules.ModelNotFound, null, definition.Name, path);
        return ModelSource.File(path);
    }

    public static string DefaultPath(ModelDefinition definition, string? folder) =>
        Path.GetFullPath(Path.Combine(string.IsNullOrWhiteSpace(folder) ? AppContext.BaseDirectory : folder, definition.Path));

    /// <summary>The file that a path leads to after all links, which ONNX Runtime asks for where it maps weights.</summary>
    public static string FinalTarget(string path)
    {
        // Links among the folders count too, so every part is resolved.
        string full = Path.GetFullPath(path);
        string resolved = Path.GetPathRoot(full)!;
        foreach (string part in full[resolved.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(resolved, part);
            FileSystemInfo info = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            resolved = info.ResolveLinkTarget(returnFinalTarget: true) is { } target ? FinalTarget(target.FullName) : next;
        }
        return resolved;
    }
}
