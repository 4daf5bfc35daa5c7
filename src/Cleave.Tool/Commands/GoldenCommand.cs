using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Tool.Golden;
using Cleave.Tool.Output;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave golden model.onnx [--record]</c> (docs/golden.md)</summary>
internal static class GoldenCommand
{
    public static Command Create()
    {
        Argument<string> model = CleaveCommand.ModelArgument();
        Option<bool> record = new("--record") { Description = "Run the model, and keep inputs and outputs beside it; an earlier recording is replaced." };
        Option<string[]> folders = CleaveCommand.PathsOption("--inputs", "With --record: a folder with given inputs, input_0.pb and so on. Once for each set; else random ones are made.");
        Option<string[]> dims = new("--dims") { Description = "With --record: sizes of dimensions that the model leaves open: batch=1,sequence=16. Once for each set." };
        Option<string[]> fills = new("--input") { Description = "With --record: a number for every element of an input: sr=16000." };
        Option<ulong?> seed = CleaveCommand.Number<ulong>("--seed", "With --record: seed of random inputs. Default: 1.");
        Option<double?> tolerance = CleaveCommand.Decimal("--tolerance", "How far a float may be from what was recorded, as a part of the output's range. Default: 0.001.", least: 0);
        Command command = new("golden", "Compares what a model gives with what was recorded, or records it.") { model, record, folders, dims, fills, seed, tolerance };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            string path = arguments.GetRequiredValue(model);
            return CommandGuard.RunAsync(path, console.Error, CommandGuard.NothingWritten, () =>
            {
                if (!arguments.GetValue(record))
                {
                    arguments.Refuse("without --record", folders, dims, fills, seed);
                    return Check(path, arguments.GetValue(tolerance) ?? GoldenCheck.DefaultTolerance, console.Output, cancellationToken);
                }
                arguments.Refuse(record, tolerance);
                // With sizes there are random sets, too.
                if (arguments.GetResult(folders) != null && arguments.GetResult(dims) is null)
                    arguments.Refuse(folders, fills, seed);
                return Record(path, new VerifyOptions
                {
                    Seed = arguments.GetValue(seed) ?? 1,
                    Samples = [.. (arguments.GetValue(dims) ?? []).Select(DimensionSample.Parse)],
                    Fills = InputFills.Parse(arguments.GetValue(fills) ?? []),
                    InputFolders = arguments.GetValue(folders) ?? [],
                    OnlyGiven = true,
                }, console.Output, cancellationToken);
            }, cancellationToken);
        });
        return command;
    }

    private static int Record(string path, VerifyOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        using ModelUnderTest model = new(path, cancellationToken: cancellationToken);
        if (model.RandomOperators.Count > 0)
            throw new RefusedException($"The model draws random numbers ({string.Join(", ", model.RandomOperators)}), so nothing can be recorded.");
        InputMaker maker = new(model.Graph, options.Fills);
        List<ReferenceCase> cases;
        try
        {
            using References references = new(model, 1);
            cases = new ReferenceCases(maker, options, cancellationToken).Run(references, out _);
        }
        catch (SegmentException e)
        {
            throw new RefusedException($"ONNX Runtime does not run the model: {e.Message}");
        }
        GoldenSets.Write(model, path, cases, maker.Inputs, cancellationToken);
        output.Write($"Recorded {string.Join("; ", cases.Select(c => Terminal.Safe(c.Inputs.Name)))} in {Terminal.Safe(GoldenSets.FolderOf(path))}. Check it in with the model.\n");
        return CleaveCommand.Success;
    }

    private static int Check(string path, double tolerance, TextWriter output, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> sets = GoldenSets.Of(path);
        if (sets.Count == 0)
            throw new RefusedException($"{GoldenSets.FolderOf(path)} holds no recording: make one with cleave golden --record.");
        using ModelUnderTest model = new(path, cancellationToken: cancellationToken);
        IReadOnlyList<GoldenDifference> differences = GoldenCheck.Run(model, sets, tolerance, cancellationToken);
        foreach (GoldenDifference difference in differences)
            output.Write($"{difference.Set}: the {difference.Kind} '{Terminal.Safe(difference.Name)}' is not what was recorded: {Terminal.Safe(difference.What)}\n");
        if (differences.Count == 0)
            output.Write($"The model gives what was recorded ({PlainText.Count(sets.Count, "set")}).\n");
        return differences.Count == 0 ? CleaveCommand.Success : CleaveCommand.Failure;
    }
}
