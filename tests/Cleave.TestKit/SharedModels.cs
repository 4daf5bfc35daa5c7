using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Cleave.TestKit;

/// <summary>Real models that lie beside the repository. Tests that need them are skipped where the folder is absent.</summary>
public static class SharedModels
{
    /// <summary>The repository's root.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary><c>../shared/models</c> from the repository's root; CLEAVE_SHARED_MODELS overrides it.</summary>
    public static string Folder { get; } =
        Environment.GetEnvironmentVariable("CLEAVE_SHARED_MODELS")
        ?? Path.GetFullPath(Path.Combine(Repository, "..", "shared", "models"));

    public static bool Exist => Directory.Exists(Folder);

    /// <summary>For <c>Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped)</c>.</summary>
    public static string WhySkipped => "skipped: the folder of real models is absent (" + Path.Combine("..", "shared", "models") + ")";

    /// <summary>Every model, relative to the folder, sorted; empty where it is absent.</summary>
    public static IReadOnlyList<string> All { get; } = Exist
        ? [.. Directory.EnumerateFiles(Folder, "*.onnx", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Folder, f).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)]
        : [];

    public static string PathOf(string model) => Path.Combine(Folder, model);

    private static string FindRepository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Generator.sln")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException("Generator.sln was not found above " + AppContext.BaseDirectory);
    }
}
