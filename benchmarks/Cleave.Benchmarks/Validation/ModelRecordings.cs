using System;
using System.Collections.Generic;
using System.IO;
using Cleave.TestKit;
using Cleave.Tool.Golden;

namespace Cleave.Benchmarks.Validation;

/// <summary>What the sound models give, recorded once each when it is first asked for.</summary>
internal sealed class ModelRecordings(string folder)
{
    private readonly HashSet<string> _recorded = [];

    /// <summary>Puts the recording of a model beside another one.</summary>
    public void Copy(string model, string beside)
    {
        string sound = Path.Combine(folder, model);
        if (_recorded.Add(model))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(sound)!);
            File.Copy(SharedModels.PathOf(model), sound);
            ToolRun.Output(["golden", "--record", sound]);
        }
        string target = GoldenSets.FolderOf(beside);
        foreach (string file in Directory.EnumerateFiles(GoldenSets.FolderOf(sound), "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(GoldenSets.FolderOf(sound), file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }
    }
}

/// <summary>The command cleave in this process; its children are processes of their own.</summary>
internal static class ToolRun
{
    public static string Output(string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter errors = new();
        int code = Tool.Commands.CleaveCommand.InvokeAsync(arguments, output, errors).GetAwaiter().GetResult();
        return code is 0 or 1 && errors.ToString().Length == 0
            ? output.ToString()
            : throw new InvalidOperationException($"cleave {arguments[0]} ended with {code}: {errors}");
    }
}
