using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Tool.Fixing;
using Cleave.Tool.Output;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave fix model.onnx -o better.onnx</c></summary>
internal static class FixCommand
{
    private const string DefaultBatch = "batch";

    public static Command Create()
    {
        Argument<string> model = CleaveCommand.ModelArgument();
        Option<string> output = new("--output", "-o") { Description = "The file to write; one that is there is replaced. Weights outside the model's file go beside it, as FILE.data, unless it is written into the model's folder.", Required = true };
        Option<string?> batch = new("--dynamic-batch") { Description = "Give the fixed first dimension of inputs and outputs a name (batch, if none is given), where it is proven that samples stay apart. Without a name put it after the model.", Arity = ArgumentArity.ZeroOrOne };
        batch.Validators.Add(RefuseModel);
        Option<bool> widen = new("--widen") { Description = "Have floats of 16 bits computed in 32, for processors without kernels of 16; inputs and outputs keep their type." };
        Option<string[]> dims = new("--dims") { Description = "Sizes of dimensions that the model leaves open, to compare and measure with: batch=1,sequence=16. Repeat the option to compare on several sizes. Without it, up to three that the model accepts are tried." };
        Option<string[]> fills = new("--input") { Description = "A number for every element of an input: sr=16000. What is not given is random." };
        Option<string[]> folders = CleaveCommand.PathsOption("--inputs", "A folder with given inputs, input_0.pb and so on, to compare on these alone; with --dims also on random ones. Repeat the option for several.");
        Option<bool> unmeasured = new("--no-measure") { Description = "Do not measure what each change gains." };
        Option<bool> json = new("--json") { Description = "Write JSON (docs/fix.md) and nothing else." };
        Command command = new("fix", "Writes a cleaned model that gives the same and is faster, and says what each change gained.")
        {
            model, output, batch, widen, dims, fills, folders, unmeasured, json,
        };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            string path = arguments.GetRequiredValue(model);
            return CommandGuard.RunAsync(path, console.Error, CommandGuard.NothingWritten, () => Run(new FixOptions
            {
                Model = path,
                Output = arguments.GetRequiredValue(output),
                Batch = arguments.GetResult(batch) is null ? null : arguments.GetValue(batch) is { Length: > 0 } name ? name : DefaultBatch,
                Widen = arguments.GetValue(widen),
                Inputs = new VerifyOptions
                {
                    Samples = [.. (arguments.GetValue(dims) ?? []).Select(DimensionSample.Parse)],
                    Fills = InputFills.Parse(arguments.GetValue(fills) ?? []),
                    InputFolders = arguments.GetValue(folders) ?? [],
                    OnlyGiven = true,
                },
                Measure = !arguments.GetValue(unmeasured),
            }, arguments.GetValue(json), console, cancellationToken), cancellationToken);
        });
        return command;
    }

    // The next word is taken for the name.
    private static void RefuseModel(OptionResult given)
    {
        if (given.Tokens.FirstOrDefault(static t => t.Value.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)) is { } model)
            given.AddError($"--dynamic-batch {model.Value}: that is a model, and no name of a dimension; put --dynamic-batch after the model, or give it a name.");
    }

    private static int Run(FixOptions options, bool json, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        FixReport report = VerifyProgress.Show(json ? TextWriter.Null : console.Error, progress => new FixRun(options, progress, cancellationToken).Run());
        if (json)
            JsonReport.Write(report, JsonReport.Default.FixReport, console.Output);
        else
            FixText.Write(report, console.Output);
        return CleaveCommand.Success;
    }
}
