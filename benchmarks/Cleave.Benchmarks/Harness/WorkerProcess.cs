using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;

namespace Cleave.Benchmarks.Harness;

/// <summary>One block's timings, in nanoseconds, and what the process allocated during it.</summary>
internal sealed record Block(double[] Nanoseconds, long Bytes);

/// <summary>The parent's side: a workload in a process of its own.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly string _name;

    /// <summary>Starts the workload and waits until it is ready to run.</summary>
    public WorkerProcess(string workload, params string[] arguments)
    {
        _name = string.Join(' ', [workload, .. arguments]);
        ProcessStartInfo start = new(Environment.ProcessPath!, [.. Self(), "worker", workload, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, e) =>
        {
            lock (_errors)
                _errors.AppendLine(e.Data);
        };
        _process.Start();
        _process.BeginErrorReadLine();
        try
        {
            ReadAnswer();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Warm(TimeSpan time) => Ask("warm " + ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));

    public Block Block(int count)
    {
        string[] numbers = Ask("block " + count.ToString(CultureInfo.InvariantCulture)).Split(' ');
        return new Block(
            [.. numbers.Skip(1).Select(n => double.Parse(n, CultureInfo.InvariantCulture))],
            long.Parse(numbers[0], CultureInfo.InvariantCulture));
    }

    /// <summary>The most memory that the process has held at once, in bytes.</summary>
    public long PeakMemory() => long.Parse(Ask("peak"), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        // The end of its input ends the child.
        _process.StandardInput.Close();
        if (!_process.WaitForExit(Limit))
            _process.Kill();
        _process.Dispose();
    }

    // Started as "dotnet Cleave.Benchmarks.dll", this process is dotnet's.
    private static string[] Self() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(WorkerProcess).Assembly.Location] : [];

    private string Ask(string command)
    {
        _process.StandardInput.WriteLine(command);
        _process.StandardInput.Flush();
        return ReadAnswer();
    }

    private string ReadAnswer()
    {
        Task<string?> answer = _process.StandardOutput.ReadLineAsync();
        if (!answer.Wait(Limit))
        {
            _process.Kill();
            throw new TimeoutException($"{_name} did not answer within {Limit}.");
        }
        if (answer.Result is string line)
            return line;
        // Waits for the end of its error stream, too.
        _process.WaitForExit();
        lock (_errors)
            throw new InvalidOperationException($"{_name} ended with {_process.ExitCode}: {_errors}");
    }
}
