using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Cleave.TestKit;

namespace Cleave.Build.Tests;

/// <summary>A folder in which MSBuild runs projects that import the targets file.</summary>
internal sealed class MSBuildRun : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cleave-targets-");

    public static string Targets { get; } = Path.Combine(SharedModels.Repository, "nuget", "Cleave.targets");

    public string Folder => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);

    public async Task<(int Code, string Output)> Run(string file, string text, params string[] arguments)
    {
        string project = Path.Combine(Folder, file);
        await File.WriteAllTextAsync(project, text);
        // Of the name of a project the command line takes quotation marks away.
        ProcessStartInfo start = new("dotnet", ["msbuild", Path.GetFileName(project), "-nologo", "-nodeReuse:false", .. arguments])
        {
            WorkingDirectory = Path.GetDirectoryName(project),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await error);
    }
}
