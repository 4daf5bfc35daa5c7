using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>How a command ended, what it printed, and that with its standard error.</summary>
public sealed record CommandResult(string Command, int ExitCode, string Printed, string Output)
{
    public CommandResult Succeeded()
    {
        Assert.True(ExitCode == 0, Command + " ended with " + ExitCode + ":\n" + Output);
        return this;
    }

    public CommandResult Failed()
    {
        Assert.True(ExitCode != 0, Command + " should have failed:\n" + Output);
        return this;
    }

    public IEnumerable<string> Lines => Output.Split('\n').Select(l => l.TrimEnd('\r'));
}

/// <summary>Runs commands as a user's shell would, not as a child of the test host.</summary>
public static class DotNet
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    /// <summary>The dotnet that runs the tests.</summary>
    public static string Host { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    public static CommandResult Run(string folder, string program, params string[] arguments) => Run(folder, program, arguments, new Dictionary<string, string>());

    public static CommandResult Run(string folder, string program, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        // What the test host's own build and runner left behind would change the consumer's.
        foreach (string name in start.Environment.Keys.Where(Leaks).ToList())
            start.Environment.Remove(name);
        // No process of the machine's other builds answers, and none stays behind.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["MSBUILDTERMINALLOGGER"] = "off";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;

        StringBuilder printed = new();
        StringBuilder output = new();
        using Process process = new() { StartInfo = start };
        process.OutputDataReceived += (_, e) => Append(e.Data, printed);
        process.ErrorDataReceived += (_, e) => Append(e.Data, null);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        string command = Path.GetFileName(program) + " " + string.Join(' ', arguments);
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException(command + " did not end within " + Limit + ":\n" + output);
        }
        // Again without a limit: only this form waits for the last lines.
        process.WaitForExit();
        lock (output)
            return new(command, process.ExitCode, printed.ToString(), output.ToString());

        void Append(string? line, StringBuilder? alone)
        {
            if (line == null)
                return;
            lock (output)
            {
                output.Append(line).Append('\n');
                alone?.Append(line).Append('\n');
            }
        }
    }

    private static bool Leaks(string name) =>
        name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("CLEAVE", StringComparison.OrdinalIgnoreCase)
        || name is "DOTNET_CLI_UI_LANGUAGE" or "VisualStudioVersion" or "Configuration" or "Platform";
}
