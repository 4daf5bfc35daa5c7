using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Cleave.TestKit;

namespace Cleave.Benchmarks.Sample;

/// <summary>What a program of the sample printed, and how long it took.</summary>
internal sealed record SampleProgram(int Code, IReadOnlyList<string> Lines, TimeSpan Time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(20);

    public static string Folder => Path.Combine(SharedModels.Repository, "sample-app");

    /// <summary>The training program, from its build.</summary>
    public static SampleProgram Training(params string[] arguments) =>
        Run("dotnet", ["run", "-c", "Release", "-v", "quiet", "--project", Path.Combine(Folder, "training"), "--", .. arguments]);

    /// <exception cref="InvalidOperationException">It did not end in time.</exception>
    public static SampleProgram Run(string program, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        Stopwatch watch = Stopwatch.StartNew();
        using Process process = Process.Start(start)!;
        List<string> lines = [];
        process.OutputDataReceived += (_, e) =>
        {
            if (e.Data != null)
                lines.Add(e.Data);
        };
        process.BeginOutputReadLine();
        if (!process.WaitForExit(Longest))
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} did not end within {Longest.TotalMinutes:0} minutes.");
        }
        process.WaitForExit(); // until the last line was read
        return new SampleProgram(process.ExitCode, lines, watch.Elapsed);
    }

    /// <summary>The value on the line of that name: <c>name TAB value TAB …</c>.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public string Value(string name) => Lines.Select(l => l.Split('\t')).FirstOrDefault(l => l.Length > 1 && l[0] == name)?[1]
        ?? throw new InvalidOperationException($"The sample's program printed no '{name}':\n{string.Join('\n', Lines)}");
}
