using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading.Tasks;

namespace Cleave.Tool.Measuring;

/// <summary>The parent's side: a workload in a process of its own.</summary>
internal sealed class WorkerProcess : ICandidateWorker
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);
    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly string _name;

    /// <summary>Starts the workload and waits until it is ready to run.</summary>
    /// <exception cref="WorkerException">It ended instead.</exception>
    public WorkerProcess(WorkerHost host, string workload, params string[] arguments)
    {
        _name = workload;
        (string file, string[] before) = host.Command;
        ProcessStartInfo start = new(file, [.. before, .. host.WorkerArguments, workload, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The compiler begins at once with what was called often: in the warm-up, not when others are measured.
        start.Environment["DOTNET_TC_CallCountingDelayMs"] = "0";
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

    public TimeSpan Warm(TimeSpan time, int calls)
    {
        string answer = Ask(string.Create(CultureInfo.InvariantCulture, $"warm {(long)time.TotalMilliseconds} {calls}"));
        return TimeSpan.FromTicks((long)(double.Parse(answer, CultureInfo.InvariantCulture) / TimeSpan.NanosecondsPerTick));
    }

    public Block Block(int count) => Measuring.Block.Parse(Ask("block " + count.ToString(CultureInfo.InvariantCulture)));

    public Block Rest() => Measuring.Block.Parse(Ask("rest"));

    /// <summary>The most memory that the process has held at once, in bytes.</summary>
    public long PeakMemory() => long.Parse(Ask("peak"), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        EndInput();
        if (!_process.WaitForExit(Limit))
            _process.Kill();
        _process.Dispose();
    }

    // The end of its input ends the child.
    private void EndInput()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended, with a command unread.
        }
    }

    private string Ask(string command)
    {
        Tell(command);
        string answer = ReadAnswer();
        return answer != Worker.Restless
            ? answer
            : throw new WorkerException("does not rest between its blocks: its threads ran on for seconds after the last call", "");
    }

    private void Tell(string command)
    {
        try
        {
            _process.StandardInput.WriteLine(command);
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It has ended: the missing answer says so, and why.
        }
    }

    private string ReadAnswer()
    {
        Task<string?> answer = _process.StandardOutput.ReadLineAsync();
        if (!answer.Wait(Limit))
        {
            _process.Kill();
            throw new WorkerException($"did not answer within {Limit.TotalMinutes:0} minutes", "");
        }
        string line = answer.Result ?? Worker.Failed + _name + " ended without an answer";
        return line.StartsWith(Worker.Failed, StringComparison.Ordinal) ? throw Failure(line[Worker.Failed.Length..]) : line;
    }

    private WorkerException Failure(string message)
    {
        // It has said its last: what keeps it from ending says no more.
        if (!_process.WaitForExit(EndLimit))
            _process.Kill();
        // Waits for the end of its error stream, too.
        _process.WaitForExit();
        lock (_errors)
            return new WorkerException(message, _errors.ToString().Trim());
    }
}
