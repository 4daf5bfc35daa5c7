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
        string[] places = options.Model?.Path is { } own ? [own] : Places(definition.Path, Environment.GetEnvironmentVariable(FolderVariable));
        foreach (string place in places)
        {
            if (File.Exists(place))
                return ModelSource.File(place);
        }
        // The message has quotes around them all.
        throw new CleaveException(Rules.ModelNotFound, null, definition.Path, string.Join("' or '", places));
    }

    /// <summary>Where a file of the output is looked for: in the folder that CLEAVE_MODELS names, if it names one, then beside the application.</summary>
    public static string[] Places(string path, string? folder)
    {
        string beside = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, path));
        string first = string.IsNullOrWhiteSpace(folder) ? beside : Path.GetFullPath(Path.Combine(folder, path));
        return first == beside ? [beside] : [first, beside];
    }

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
            resolved = Target(info) is { } target ? FinalTarget(target) : next;
        }
        return resolved;
    }

    // What is not there yet leads nowhere, and links in a circle do not either: whoever opens such a file is told.
    private static string? Target(FileSystemInfo info)
    {
        try
        {
            return info.LinkTarget is null ? null : info.ResolveLinkTarget(returnFinalTarget: true)?.FullName;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
