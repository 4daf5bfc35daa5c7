using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Tool.Benching;
using Cleave.Tool.Output;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave bench model.onnx</c></summary>
internal static class BenchCommand
{
    // Every call of every round is kept.
    private const int MostRounds = 100_000;

    public static Command Create()
    {
        Argument<string> model = CleaveCommand.ModelArgument();
        Option<string[]> dims = new("--dims") { Description = "Sizes of dimensions that the model leaves open: batch=1,sequence=128; one without a name as input[axis]=128. What is not given is 1, or a size that the model runs with." };
        Option<string[]> fills = new("--input") { Description = "A number for every element of an input: sr=16000. What is not given is random, the same each time." };
        Option<string?> threads = new("--threads") { Description = "Thread counts: 1,2. Default: one to the number of cores; above eight cores powers of two." };
        Option<string?> callers = new("--callers") { Description = "How many callers at once: 1,2. Default: one, and as many as there are cores." };
        Option<int?> rounds = CleaveCommand.Number<int>("--rounds", "How often each set-up is measured (at least 50 calls each time, with short models more). More rounds: narrower intervals, more time. Default: 24, and up to 72 while the interval is wider than 4 %; below 6 there is no 95 % interval.");
        Option<bool> quick = new("--quick") { Description = "Two rounds of a few calls: shows that everything works, and measures nothing." };
        Option<bool> json = new("--json") { Description = "Write JSON with every sample (docs/bench.md) and nothing else." };
        Command command = new("bench", "Measures a model: ONNX Runtime set up in every sensible way, on the file as published and cleaned, and Cleave.")
        {
            model, dims, fills, threads, callers, rounds, quick, json,
        };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            string path = arguments.GetRequiredValue(model);
            return CommandGuard.RunAsync(path, console.Error, CommandGuard.NothingMeasured, () =>
            {
                if (arguments.GetValue(quick))
                    arguments.Refuse(quick, rounds);
                return Run(
                    path,
                    new BenchOptions(
                        BenchOptions.Sizes(arguments.GetValue(dims) ?? []),
                        BenchOptions.Numbers(arguments.GetValue(fills) ?? []),
                        BenchOptions.Counts("--threads", arguments.GetValue(threads)) ?? BenchOptions.DefaultThreads(BenchRun.Cores),
                        BenchOptions.Counts("--callers", arguments.GetValue(callers)) ?? BenchOptions.DefaultCallers(BenchRun.Cores),
                        Checked(arguments.GetValue(rounds)),
                        arguments.GetValue(quick)),
                    arguments.GetValue(json), console.Output, console.Error, cancellationToken);
            }, cancellationToken);
        });
        return command;
    }

    private static int? Checked(int? rounds) => rounds switch
    {
        < 1 => throw new RefusedException(string.Create(CultureInfo.InvariantCulture, $"--rounds {rounds}: give at least 1.")),
        > MostRounds => throw new RefusedException(string.Create(CultureInfo.InvariantCulture, $"--rounds {rounds}: give {MostRounds} at most.")),
        _ => rounds,
    };

    private static int Run(string path, BenchOptions options, bool json, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        using BenchRun run = new(path, options, cancellationToken);
        if (options.Threads[^1] > BenchRun.Cores)
            error.Write(string.Create(CultureInfo.InvariantCulture, $"note: Cleave is measured with up to {BenchRun.Cores} {(BenchRun.Cores == 1 ? "core" : "cores")}, which this process is granted: with more threads there is ONNX Runtime alone\n"));
        BenchReport report = BenchProgress.Show(run, json ? TextWriter.Null : error, cancellationToken);
        if (json)
            JsonReport.Write(report, JsonReport.Compact.BenchReport, output);
        else
            BenchText.Write(report, Terminal.For(output));
        return report.Loads.Any(l => l.Candidates.Any(c => c.Error is null)) ? CleaveCommand.Success : CleaveCommand.Failure;
    }
}
