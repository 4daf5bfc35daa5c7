using System;
using System.Collections.Generic;
using System.IO;
using Cleave.Benchmarks.Harness;

namespace Cleave.Benchmarks.Foundation;

/// <summary>Two projects outside the repository that differ in the package only.</summary>
internal sealed class BuildFolder : IDisposable
{
    private readonly PackedFolder _folder = new();

    public BuildFolder(IReadOnlyList<string> models)
    {
        _folder.WriteProject("Without", "");
        _folder.WriteProject("With", _folder.CleaveReference + "\n    <AdditionalFiles Include=\"models/*.onnx\" />");
        foreach (string model in models)
            _folder.Write("With/models/" + Path.GetFileName(model), File.ReadAllBytes(model));
        _folder.Succeed("restore", "Without");
        _folder.Succeed("restore", "With");
    }

    /// <summary>Edits the project's one source file and builds; how long the build took, in milliseconds.</summary>
    public double Build(string project, string edit, string argument)
    {
        _folder.Write(project + "/Program.cs", $"System.Console.WriteLine(\"{edit}\");\n");
        return _folder.Succeed("build", project, "--no-restore", "-c", "Release", argument).Milliseconds;
    }

    public void Dispose() => _folder.Dispose();
}
