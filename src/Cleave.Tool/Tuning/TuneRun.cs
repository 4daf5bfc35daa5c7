using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Tuning;
using Cleave.Generator.Model;
using Cleave.Tool.Loose;
using Cleave.Tool.Output;
using Cleave.Tool.Running;
using Cleave.Tuning;
using Spectre.Console;

namespace Cleave.Tool.Tuning;

/// <summary><c>cleave tune</c>: opens a model as the generated runner would, and has it tune itself.</summary>
internal static class TuneRun
{
    /// <exception cref="RefusedException">The model, or a size, is not usable.</exception>
    public static async Task<TuningResult> Measure(string path, TuneOptions options, TextWriter error, CancellationToken cancellationToken)
    {
        OnnxModel model = ModelReader.ReadFile(path);
        WritableTuning.Check(path + TuningFile.Ending);
        RunnerSpec spec = LooseDefinition.SpecOf(path, model, new ListingOptions { Dims = options.PlanDims });
        await using LooseRunner runner = new(path, spec, new RunnerOptions
        {
            Cores = options.Cores,
            TuningFills = [.. options.Fills.Select(static f => f.Key + "=" + f.Value).Order(StringComparer.Ordinal)],
        });
        LooseRequest[] requests = [.. Sizes(path, model, spec, options).Select(dims => runner.NewRequest(RequestInputs.For(model, dims, options.Fills)))];
        return Terminal.IsWatched(error)
            ? await WithBar(error, progress => runner.TuneAsync(options.Budget, requests, progress, cancellationToken)).ConfigureAwait(false)
            : await WithLine(error, options, () => runner.TuneAsync(options.Budget, requests, null, cancellationToken)).ConfigureAwait(false);
    }

    // Those given; else sizes that the model runs with, in batches, and shorter and longer.
    private static IEnumerable<IReadOnlyDictionary<string, string>> Sizes(string path, OnnxModel model, RunnerSpec spec, TuneOptions options)
    {
        if (options.Requests.Count > 0 || spec.Symbols.Count == 0)
            return options.Requests.Count > 0 ? options.Requests : [new Dictionary<string, string>()];
        Dictionary<string, string> planned = spec.Symbols.Zip(spec.PlannedSizes, (s, size) => (Name: spec.NameOf(s), Size: size)).ToDictionary(s => s.Name, s => Text(s.Size), StringComparer.Ordinal);
        Dictionary<string, string> given = options.PlanDims.Length > 0 ? planned : [];
        IReadOnlyDictionary<string, string> likely = LikelySizes.Complete(path, model, given, options.Fills);
        int[] sizes = [.. spec.Symbols.Select(s => int.Parse(likely.GetValueOrDefault(spec.NameOf(s)) ?? planned[spec.NameOf(s)], CultureInfo.InvariantCulture))];
        int batch = spec.Batch is { } axis ? spec.Symbols.Select(s => s.Name).ToList().IndexOf(axis.Dimension) : -1;
        return TuningSample.Sizes(sizes, batch)
            .Select(set => spec.Symbols.Select((s, i) => (Name: spec.NameOf(s), Size: set[i])).ToDictionary(s => s.Name, s => Text(s.Size), StringComparer.Ordinal));
    }

    private static async Task<TuningResult> WithLine(TextWriter error, TuneOptions options, Func<Task<TuningResult>> tune)
    {
        error.Write(string.Create(CultureInfo.InvariantCulture, $"tuning for {options.Budget.TotalSeconds:0} s at most\n"));
        return await tune().ConfigureAwait(false);
    }

    private static Task<TuningResult> WithBar(TextWriter error, Func<IProgress<TuningStep>, Task<TuningResult>> tune) => Terminal.ForProgress(error).Progress().AutoClear(true)
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
        .StartAsync(context => tune(new Bar(context.AddTask("starting"))));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class Bar(ProgressTask task) : IProgress<TuningStep>
    {
        public void Report(TuningStep value)
        {
            task.Description = Markup.Escape(Terminal.Safe(value.Mode + ", " + value.Dimensions));
            task.Value = 100.0 * value.Done / value.All;
        }
    }
}
