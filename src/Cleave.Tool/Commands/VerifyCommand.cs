using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Listing;
using Cleave.Tool.Output;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave verify model.onnx</c></summary>
internal static class VerifyCommand
{
    /// <summary>Nothing was compared, so nothing is proven.</summary>
    public const int NothingSplit = 2;

    public static Command Create()
    {
        Argument<string> model = CleaveCommand.ModelArgument();
        Option<ulong?> seed = CleaveCommand.Number<ulong>("--seed", "Seed of the first partition of each kind, and of random inputs. Default: 1.");
        Option<ulong?> inputSeed = CleaveCommand.Number<ulong>("--input-seed", "Seed of random inputs. Default: that of --seed.");
        Option<int?> partitions = CleaveCommand.Number<int>("--partitions", "How many random ways to cut the model are tried, of each of two kinds (between fused operators, and anywhere). Default: 20. 0: only the plans that the build would make.");
        Option<int?> threads = CleaveCommand.Number<int>("--threads", "Threads of every session. Default: 1.");
        Option<string[]> dims = new("--dims") { Description = "Sizes of dimensions that the model leaves open: batch=1,sequence=16; one without a name as input[axis]=16. Repeat the option to compare on several sizes. Without it, up to three that the model accepts are tried." };
        Option<string[]> fills = new("--input") { Description = "A number for every element of an input: sr=16000. What is not given is random." };
        Option<string[]> folders = CleaveCommand.PathsOption("--inputs", "A folder with given inputs, input_0.pb and so on, as ONNX's test data have them.");
        Option<string> outputs = new("--outputs") { Description = "Values to ask for instead of the model's outputs: \"scores;/backbone/pool/output_0\", as the item metadata Outputs." };
        Option<PlanMode?> plan = CleaveCommand.PlanOption("As the item metadata Plan: auto, whole or split; the plans that would be baked in are compared, too. Default: auto.");
        Option<string?> against = CleaveCommand.PathOption("--against", "The model of floats that this one, in 8 bits, was made of: both are run on --inputs, else on what is recorded beside them.");
        Option<double?> error = CleaveCommand.Decimal("--max-error", "With --against: the largest error. Default: the one that the file was made for.");
        Option<bool> json = new("--json") { Description = "Write JSON with everything (docs/verify.md) and nothing else." };
        Command command = new("verify", "Cuts a model in many ways, runs the parts, and compares the results with those of the whole model; or, with --against, a model in 8 bits with that of floats. Exit code 2: nothing was split or compared, so nothing is proven.")
        {
            model, seed, inputSeed, partitions, threads, dims, fills, folders, outputs, plan, against, error, json,
        };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            string path = arguments.GetRequiredValue(model);
            if (arguments.GetValue(against) is { } source)
            {
                return CommandGuard.RunAsync(path, console.Error, CommandGuard.NothingVerified, () =>
                {
                    arguments.Refuse(against, seed, inputSeed, partitions, threads, dims, fills, outputs, plan);
                    return VerifyAgainst.Run(path, source, arguments.GetValue(folders) ?? [], arguments.GetValue(error), arguments.GetValue(json), console, cancellationToken);
                }, cancellationToken);
            }
            return CommandGuard.RunAsync(path, console.Error, CommandGuard.NothingVerified, () =>
            {
                arguments.Refuse("without --against", error);
                return Run(path, new VerifyOptions
                {
                    Seed = arguments.GetValue(seed) ?? 1,
                    InputSeed = arguments.GetValue(inputSeed),
                    Partitions = AtLeast(arguments.GetValue(partitions) ?? 20, 0, "--partitions"),
                    Threads = AtLeast(arguments.GetValue(threads) ?? 1, 1, "--threads"),
                    Samples = [.. (arguments.GetValue(dims) ?? []).Select(DimensionSample.Parse)],
                    Fills = InputFills.Parse(arguments.GetValue(fills) ?? []),
                    InputFolders = arguments.GetValue(folders) ?? [],
                    Outputs = [.. EscapedList.Read(arguments.GetValue(outputs) ?? "")],
                    Plan = arguments.GetValue(plan) ?? PlanMode.Auto,
                }, arguments.GetValue(json), console, cancellationToken);
            }, cancellationToken);
        });
        return command;
    }

    private static int Run(string path, VerifyOptions options, bool json, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        using ModelUnderTest model = new(path, options.Outputs, cancellationToken);
        VerifyReport report = VerifyProgress.Show(json ? TextWriter.Null : console.Error, progress => new Verifier(model, options, progress, cancellationToken).Run());
        if (json)
            JsonReport.Write(report, JsonReport.Default.VerifyReport, console.Output);
        else
            VerifyText.Write(report, console.Output);
        return report.Verdict switch
        {
            Verdict.Equal => CleaveCommand.Success,
            Verdict.Different => CleaveCommand.Failure,
            _ => NothingSplit,
        };
    }

    private static int AtLeast(int number, int least, string option) => number >= least
        ? number
        : throw new RefusedException(string.Create(CultureInfo.InvariantCulture, $"{option} {number}: give at least {least}."));
}
