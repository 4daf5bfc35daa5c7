using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Tool.Output;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Running;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave quantize model.onnx -o model.int8.onnx --max-error 0.05 --inputs folder</c> (docs/quantize.md)</summary>
internal static class QuantizeCommand
{
    private const int DefaultLimit = 300;

    public static Command Create()
    {
        Argument<string> model = CleaveCommand.ModelArgument();
        Option<string> output = new("--output", "-o") { Description = "The file to write.", Required = true };
        Option<double?> error = CleaveCommand.Decimal("--max-error", "How far an output may be off, as a share of its length: 0.05 is five percent, on the worst output and input. Default: 0.05; with --like that of the earlier file.");
        Option<double?> gain = CleaveCommand.Decimal("--min-gain", "Write no model unless the one in 8 bits is at least this many times as fast. Default: 1.1.");
        Option<bool> unmeasured = new("--no-measure") { Description = "Do not measure the files at the end: what is within the budget is written, whatever it gains." };
        Option<string[]> inputs = CleaveCommand.PathsOption("--inputs", "Folders of the application's inputs: as ONNX's test data (test_data_set_0/input_0.pb), or .npy. Every second one is held out, to state the error on. Without them inputs are random, and only matrix products are quantised.");
        Option<string[]> dims = new("--dims") { Description = "Sizes of dimensions that the model leaves open, for random inputs: batch=1,sequence=128." };
        Option<string[]> fills = new("--input") { Description = "A number for every element of an input, for random inputs: sr=16000." };
        Option<string> cpu = new("--cpu") { Description = "any (default): 7-bit weights, safe on every processor. vnni: 8-bit weights, more exact, but wrong results are possible on processors without VNNI. With --like the default is that of the earlier file." };
        cpu.AcceptOnlyFromAmong("any", "vnni");
        Option<bool> own = new("--allow-ort-operators") { Description = "ONNX Runtime's own operators may be used, which other programs do not know: DynamicQuantizeLSTM, MatMulNBits." };
        Option<bool> keepBatch = new("--keep-batch") { Description = "Write only a model in which the requests of one batch do not change each other's results, so that runners can still batch them. Needs --inputs, or --allow-ort-operators." };
        Option<string?> like = CleaveCommand.PathOption("--like", "A file that was made earlier: the same operators are in 8 bits, so that the graph stays and running applications can change to the new file.");
        Option<string?> metric = CleaveCommand.PathOption("--metric", "A program that gets two folders, outputs in floats and in 8 bits (test_data_set_0/output_0.pb), of the held-out inputs, and prints a number as its last line.");
        Option<int?> limit = CleaveCommand.Number<int>("--metric-limit", "Seconds after which that program is given up. Default: 300.", least: 1, most: CleaveCommand.LongestLimit);
        Option<string?> curve = CleaveCommand.PathOption("--curve", "An SVG file: error against time of what was tried.");
        Option<bool> json = new("--json") { Description = "Write JSON (docs/quantize.md) and nothing else." };
        Command command = new("quantize", "Writes the fastest model in 8 bits whose error stays within a budget, and states its error on inputs that it was not made with.")
        {
            model, output, error, gain, unmeasured, inputs, dims, fills, cpu, own, keepBatch, like, metric, limit, curve, json,
        };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            string path = arguments.GetRequiredValue(model);
            return CommandGuard.RunAsync(path, console.Error, CommandGuard.NothingWritten, () =>
            {
                if (arguments.GetValue(unmeasured))
                    arguments.Refuse(unmeasured, gain);
                if (arguments.GetValue(like) != null)
                    arguments.Refuse(like, keepBatch, gain);
                if (arguments.GetResult(inputs) != null)
                    arguments.Refuse(inputs, dims, fills);
                if (arguments.GetValue(metric) is null)
                    arguments.Refuse("without --metric", limit);
                return Run(new QuantizeOptions
                {
                    Model = path,
                    Output = arguments.GetRequiredValue(output),
                    MaxError = arguments.GetValue(error),
                    OwnOperators = arguments.GetValue(own),
                    KeepBatch = arguments.GetValue(keepBatch),
                    Like = arguments.GetValue(like),
                    Metric = arguments.GetValue(metric),
                    MetricLimit = TimeSpan.FromSeconds(arguments.GetValue(limit) ?? DefaultLimit),
                    InputFolders = arguments.GetValue(inputs) ?? [],
                    Samples = [.. (arguments.GetValue(dims) ?? []).Select(DimensionSample.Parse)],
                    Fills = InputFills.Parse(arguments.GetValue(fills) ?? []),
                    WeightBits = arguments.GetValue(cpu) switch { "vnni" => 8, "any" => QuantizeOptions.SafeBits, _ => null },
                    LeastGain = arguments.GetValue(gain) ?? QuantizeRun.LeastGain,
                    Measure = !arguments.GetValue(unmeasured),
                    Curve = arguments.GetValue(curve),
                }, arguments.GetValue(json), console, cancellationToken);
            }, cancellationToken);
        });
        return command;
    }

    private static int Run(QuantizeOptions options, bool json, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        QuantizeReport report = VerifyProgress.Show(json ? TextWriter.Null : console.Error, progress => new QuantizeRun(options, progress, cancellationToken).Run());
        if (json)
            JsonReport.Write(report, JsonReport.Default.QuantizeReport, console.Output);
        else
            QuantizeText.Write(report, console.Output);
        // Who waits for the file must not go on without it.
        return report.LeftAlone is null ? CleaveCommand.Success : CleaveCommand.Failure;
    }
}
