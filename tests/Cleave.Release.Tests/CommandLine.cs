using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Cleave.Release.Tests;

/// <summary>What a finished command left: its exit code and both its streams.</summary>
internal sealed record CommandResult(int ExitCode, string Output);

/// <summary>Runs commands in an environment that the test host has not coloured.</summary>
internal sealed class CommandLine
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);
    private readonly string _folder;

    public CommandLine(string folder) => _folder = folder;

    /// <summary>Set on top of what this process inherited.</summary>
    public Dictionary<string, string> Environment { get; } = new() { ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_CLI_UI_LANGUAGE"] = "en" };

    public async Task<CommandResult> RunAsync(string file, params string[] arguments)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The test host's own MSBuild and SDK would be used otherwise.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        foreach ((string name, string value) in Environment)
            start.Environment[name] = value;

        StringBuilder output = new();
        using Process process = new() { StartInfo = start };
        process.OutputDataReceived += (_, e) => Append(output, e.Data);
        process.ErrorDataReceived += (_, e) => Append(output, e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using CancellationTokenSource limit = new(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} {string.Join(' ', arguments)} did not end within {Limit}:\n{output}");
        }
        return new CommandResult(process.ExitCode, output.ToString());
    }

    /// <summary>Runs a command that must succeed.</summary>
    public async Task<string> RequireAsync(string file, params string[] arguments)
    {
        CommandResult result = await RunAsync(file, arguments);
        return result.ExitCode == 0
            ? result.Output
            : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {result.ExitCode}:\n{result.Output}");
    }

    private static void Append(StringBuilder output, string? line)
    {
        if (line != null)
        {
            lock (output)
                output.AppendLine(line);
        }
    }
}
