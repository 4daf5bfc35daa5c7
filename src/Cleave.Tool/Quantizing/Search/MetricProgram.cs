using System;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;

namespace Cleave.Tool.Quantizing.Search;

/// <summary>A program of the user that says in a figure of its own how good outputs in 8 bits are: it gets two folders, and prints a number as its last line.</summary>
/// <param name="path">The program.</param>
/// <param name="limit">When it is given up.</param>
internal sealed class MetricProgram(string path, TimeSpan limit)
{
    // Of text that is looked at for a number.
    private const int MostText = 1 << 20;

    /// <summary>Looks for the program, before all that it is to judge is made.</summary>
    /// <exception cref="RewriteException">There is none of that name.</exception>
    public void RequireProgram()
    {
        string[] folders = Path.IsPathRooted(path) ? [""]
            : [Path.GetDirectoryName(Environment.ProcessPath) ?? "", Environment.CurrentDirectory, .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)];
        if (path.Length == 0 || !folders.Any(f => IsProgram(Path.Combine(f, path))))
            throw Failed("it cannot be started: there is no such program");
    }

    /// <param name="trials">On the inputs that nothing was chosen on.</param>
    /// <param name="changed">The model in 8 bits.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RewriteException">It gives no figure; why.</exception>
    public double Run(ModelTrials trials, ModelProto changed, CancellationToken cancellationToken)
    {
        using TemporaryFolder folder = new();
        string floats = Path.Combine(folder.Path, "floats"), bytes = Path.Combine(folder.Path, "bytes");
        trials.WriteOutputs(changed, floats, bytes);
        return RunAsync(floats, bytes, cancellationToken).GetAwaiter().GetResult();
    }

    private async Task<double> RunAsync(string floats, string bytes, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(limit);
        using Process process = Start(floats, bytes);
        string text, errors;
        try
        {
            process.StandardInput.Close();
            Task<string> said = ReadAsync(process.StandardOutput, stop.Token), complained = ReadAsync(process.StandardError, stop.Token);
            (text, errors) = (await said, await complained);
            await process.WaitForExitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Failed(string.Create(CultureInfo.InvariantCulture, $"it did not end within {limit.TotalSeconds:0} seconds and was stopped"));
        }
        catch (InvalidDataException e)
        {
            throw Failed(e.Message);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        if (process.ExitCode != 0)
            throw Failed(string.Create(CultureInfo.InvariantCulture, $"it ended with the code {process.ExitCode}") + (Last(errors) is { Length: > 0 } why ? ": " + why : ""));
        return double.TryParse(Last(text), NumberStyles.Float, CultureInfo.InvariantCulture, out double figure) && double.IsFinite(figure)
            ? figure
            : throw Failed(Last(text).Length == 0 ? "it printed nothing; its last line has to be a number, as 0.93" : $"its last line is no number, as 0.93, but '{Last(text)}'");
    }

    private static bool IsProgram(string file) => OperatingSystem.IsWindows()
        ? File.Exists(file) || File.Exists(file + ".exe")
        : File.Exists(file) && (File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    private Process Start(string floats, string bytes)
    {
        ProcessStartInfo start = new(path, [floats, bytes]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw Failed("it cannot be started: " + e.Message);
        }
    }

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        StringBuilder text = new();
        char[] part = new char[4096];
        for (int read; (read = await reader.ReadAsync(part, cancellationToken)) > 0;)
        {
            if (text.Length + read > MostText)
                throw new InvalidDataException("it prints more than a million characters");
            text.Append(part, 0, read);
        }
        return text.ToString();
    }

    private static string Last(string text) => text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "";

    private RewriteException Failed(string why) => new($"--metric {path}: {why}. Nothing was written.");
}
