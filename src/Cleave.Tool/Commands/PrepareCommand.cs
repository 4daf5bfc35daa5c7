using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Listing;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.Tool.Benching;
using Cleave.Tool.Output;
using Cleave.Tool.Preparing;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave prepare model.onnx -o folder</c> (docs/prepared.md)</summary>
internal static class PrepareCommand
{
    public static Command Create()
    {
        Argument<string> path = new("model") { Description = "The .onnx file; with --list, --check and --prune the folder of prepared models." };
        Option<string?> folder = new("--output", "-o") { Description = "The folder of prepared models; it may hold those of other models, machines and versions." };
        Option<int?> cores = CleaveCommand.Number<int>("--cores", "The cores to prepare for. Default: all that this process may use.");
        Option<long?> limit = CleaveCommand.Number<long>("--limit", "The most megabytes that the folder may hold.");
        Option<string?> dims = new("--plan-dims") { Description = "The item metadata Dims of the model in the project, where it has some." };
        Option<string?> outputs = new("--outputs") { Description = "The item metadata Outputs of the model in the project, where it has some." };
        Option<string?> plan = new("--plan") { Description = "The item metadata Plan of the model in the project, where it has some: Auto, Whole or Split." };
        Option<bool> list = new("--list") { Description = "Say what a folder holds." };
        Option<bool> check = new("--check") { Description = "The same, and hash every byte; fails where one was changed." };
        Option<bool> prune = new("--prune") { Description = "Delete what no process will use: unfinished, failed and damaged entries, and those that say why nothing was prepared." };
        Option<bool> group = new("--trust-group") { Description = "With --list, --check and --prune: also what a group can write to, as RunnerOptions.PreparedTrustGroup." };
        Command command = new("prepare", "Has ONNX Runtime optimise a model and pack its weights once, for this processor and ONNX Runtime: runners open that in a part of the time.")
        {
            path, folder, cores, limit, dims, outputs, plan, list, check, prune, group,
        };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            string given = arguments.GetRequiredValue(path);
            FolderTrust trust = new(arguments.GetValue(group));
            return Task.FromResult(CommandGuard.Run(given, console.Error, CommandGuard.NothingWritten, () =>
            {
                if (arguments.GetValue(prune))
                    return Prune(given, trust, console.Output);
                if (arguments.GetValue(list) || arguments.GetValue(check))
                    return List(given, arguments.GetValue(check), trust, console.Output);
                return Prepare(given, new PrepareOptions(
                    arguments.GetValue(folder) ?? throw new BenchException("--output: name the folder to prepare into."),
                    arguments.GetValue(cores), arguments.GetValue(limit) * 1048576,
                    new ListingOptions { Dims = arguments.GetValue(dims) ?? "", Plan = arguments.GetValue(plan) ?? "", Outputs = VerifyCommand.Names(arguments.GetValue(outputs)) }), console, cancellationToken);
            }));
        });
        return command;
    }

    private static int Prepare(string path, PrepareOptions options, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        string last = "";
        IReadOnlyList<PreparedSegment> segments = PrepareRun.Make(path, options, Say, cancellationToken);
        PrepareText.Write(segments, console.Output);
        return segments.All(s => s.WhyNot is null) ? CleaveCommand.Success : CleaveCommand.Failure;

        // The same step may come for each of many weights.
        void Say(string step)
        {
            if (step != last)
                console.Error.Write(Terminal.Safe(step) + "\n");
            last = step;
        }
    }

    private static int List(string folder, bool isChecked, FolderTrust trust, TextWriter output)
    {
        IReadOnlyList<(ListedEntry Entry, string? Problem)> entries = isChecked ? PrepareRun.Check(folder, trust) : [.. Housekeeping.List(folder, trust).Select(e => (e, e.Problem))];
        PrepareText.Write(entries, output);
        return isChecked && entries.Any(e => e.Problem != null && e.Entry.Manifest?.NotPreparable is null) ? CleaveCommand.Failure : CleaveCommand.Success;
    }

    private static int Prune(string folder, FolderTrust trust, TextWriter output)
    {
        foreach (string deleted in Housekeeping.Prune(folder, trust))
            output.Write("deleted " + Terminal.Safe(deleted) + "\n");
        return CleaveCommand.Success;
    }
}
