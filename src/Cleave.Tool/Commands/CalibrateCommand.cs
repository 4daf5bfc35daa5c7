using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Cost;
using Cleave.Tool.Calibration;
using Cleave.Tool.Output;
using Cleave.Tool.Rewriting;
using Spectre.Console;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave calibrate [-o device.txt] [--threads 1,2]</c>: measures what this machine takes for each kernel (docs/cost-model.md).</summary>
internal static class CalibrateCommand
{
    public static Command Create()
    {
        Option<string?> output = CleaveCommand.PathOption("--output", "The device table to write; standard output if left out.", "-o");
        Option<string> threads = new("--threads")
        {
            Description = "Thread counts to measure, 1 among them.",
            DefaultValueFactory = _ => Environment.ProcessorCount > 1 ? "1,2" : "1",
        };
        Command command = new("calibrate", "Measures what single operators take on this machine, for predictions. About two minutes; the machine should be idle.")
        {
            output,
            threads,
        };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            return CommandGuard.RunAsync("", console.Error, CommandGuard.NothingMeasured, () => Run(
                arguments.GetValue(output), arguments.GetValue(threads)!, console.Output, console.Error, cancellationToken), cancellationToken);
        });
        return command;
    }

    private static int Run(string? path, string threads, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        if (!TryRead(threads, out int[] counts))
        {
            error.WriteLine("cleave calibrate: --threads is a list of numbers that starts with 1, such as 1,2,4");
            return CleaveCommand.Failure;
        }
        // Before minutes of measuring.
        using TargetFile? target = path is null ? null : new(path, source: "");
        DeviceTable table = Terminal.ForProgress(error).Progress().Start(progress =>
        {
            ProgressTask task = progress.AddTask("single operators");
            return Calibrator.Measure(
                BlockedLayout.InstructionSet(), CalibrationGrid.Load(), counts, done => task.Value(100 * done), cancellationToken);
        });
        if (target is null)
        {
            DeviceTableText.Write(table, output);
            return CleaveCommand.Success;
        }
        string draft = target.Draft("txt");
        using (StreamWriter file = new(draft))
            DeviceTableText.Write(table, file);
        File.Move(draft, target.Path, overwrite: true);
        return CleaveCommand.Success;
    }

    private static bool TryRead(string text, out int[] counts)
    {
        List<int> found = [];
        foreach (string word in text.Split(','))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count is < 1 or > 1024)
            {
                counts = [];
                return false;
            }
            found.Add(count);
        }
        counts = [.. found.Distinct().Order()];
        return counts[0] == 1;
    }
}
