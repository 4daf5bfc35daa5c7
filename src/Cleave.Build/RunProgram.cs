using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Diagnostics;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Cleave.Build;

/// <summary>
/// Runs a program without a shell, which MSBuild's Exec puts between: folders may have any characters, and sh and cmd take some of them for
/// their own. What it ends with is no failure of the task.
/// </summary>
[MSBuildMultiThreadableTask]
public sealed class RunProgram : ToolTask
{
    private readonly List<string> _lines = [];

    /// <summary>The program: its path in the project, on Windows without the ending too, or a name that is looked for on PATH.</summary>
    [Required]
    public string Program { get; set; } = "";

    /// <summary>What it is told; each is one argument, whatever is in it. Backslashes are slashes outside Windows, as in all that MSBuild runs.</summary>
    [Required]
    public string[] Arguments { get; set; } = [];

    /// <summary>Paths that it is told after the arguments, in a file: Windows takes 32767 characters, which are a few hundred listings.</summary>
    public string[] Paths { get; set; } = [];

    /// <summary>The id of the rule that is broken where <see cref="Paths"/> cannot be told.</summary>
    public string Rule { get; set; } = "";

    /// <summary>The absolute path of the project file; the program runs in its folder.</summary>
    [Required]
    public string ProjectFile { get; set; } = "";

    /// <summary>Whether lines in the form of compilers are errors and warnings of the build.</summary>
    public bool ReadsErrors { get; set; }

    /// <summary>What the program said.</summary>
    [Output]
    public string[] Lines => [.. _lines];

    // Without a mark at its beginning, which programs may take for a part of the first path.
    protected override Encoding ResponseFileEncoding => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    protected override string ToolName => Path.GetFileName(Program);

    protected override string GenerateFullPathToTool()
    {
        if (Path.GetFileName(Program) == Program)
            return Program;
        string program = ProjectPaths.Absolute(GetWorkingDirectory(), Program);
        return !File.Exists(program) && File.Exists(program + ".exe") ? program + ".exe" : program;
    }

    protected override string GetWorkingDirectory() => Path.GetDirectoryName(ProjectFile)!;

    protected override string GenerateCommandLineCommands() => string.Join(" ", Arguments.Select(Quoted));

    protected override string GenerateResponseFileCommands() => string.Join("\n", Paths.Select(static p => "\"" + p + "\""));

    protected override bool ValidateParameters()
    {
        if (Paths.FirstOrDefault(static p => p.Contains("\"")) is not { } path)
            return true;
        Log.Report(Rules.Find(Rule)!, ProjectFile, 0, Path.GetFileName(ProjectFile), "the path '" + path + "' has a quotation mark, and no command can be told such a path in a file; put the project into another folder");
        return false;
    }

    protected override void LogEventsFromTextOutput(string singleLine, MessageImportance messageImportance)
    {
        _lines.Add(singleLine);
        if (ReadsErrors)
            base.LogEventsFromTextOutput(singleLine, messageImportance);
        else
            Log.LogMessage(messageImportance, "{0}", singleLine);
    }

    protected override bool HandleTaskExecutionErrors() => true;

    // As .NET and C take a command line apart, on Windows and elsewhere. Not \": of that MSBuild makes /" elsewhere.
    private static string Quoted(string argument)
    {
        string text = argument.Replace("\"", "\"\"");
        return "\"" + text + new string('\\', text.Length - text.TrimEnd('\\').Length) + "\"";
    }
}
