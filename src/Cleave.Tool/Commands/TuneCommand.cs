using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Tuning;
using Cleave.Devices;
using Cleave.Devices.Cuda;
using Cleave.Ledger;
using Cleave.Tool.Benching;
using Cleave.Tool.Ensembles;
using Cleave.Tool.Output;
using Cleave.Tool.Tuning;
using Cleave.Tool.Validation;
using Cleave.Tuning;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave tune model.onnx</c></summary>
internal sealed class TuneCommand
{
    private const int DefaultBudget = 30;

    private readonly Argument<string[]> _model = CleaveCommand.ModelsArgument();
    private readonly Option<int?> _budget = CleaveCommand.Number<int>("--budget", "Seconds to measure at most. Default: 30. What was not measured is measured by the next call.");
    private readonly Option<int?> _cores = CleaveCommand.Number<int>("--cores", "The cores to tune for. Default: all that this process may use.");
    private readonly Option<string[]> _dims = new("--dims") { Description = "The sizes of a request, as batch=1,sequence=128; again for another kind of request. Default: sizes that the model runs with, in batches, shorter and longer." };
    private readonly Option<string[]> _fills = new("--input") { Description = "A number for every element of an input: sr=16000. What is not given is random, the same each time." };
    private readonly Option<string?> _plan = new("--plan-dims") { Description = "The value of Dims=\"…\" on this model's item in your .csproj, e.g. batch=1,sequence=128, so that the same plans are made as in the build. Leave it out if the item has none." };
    private readonly Option<string[]> _outputs = CleaveCommand.OutputsOption("the members'");
    private readonly Option<string?> _ensemble = CleaveCommand.EnsembleOption("The name of an OnnxEnsemble item of the project in this folder, whose members are given: measures how they share the cores, into NAME.ensemble.tune.");
    private readonly Option<string?> _project = CleaveCommand.ProjectOption();
    private readonly Option<string?> _device = CleaveCommand.PathOption("--device", "cuda, or cuda:1: measures this machine's accelerator instead, and puts its profile into model.onnx.tune, which builds place the model with. With --ensemble the devices that the item lists, as cuda:0,cuda:1,cpu.");
    private readonly Option<string?> _library = CleaveCommand.PathOption("--onnxruntime", "The native library to measure on, instead of the one that comes with this command, which is for the CPU: --device cuda needs that of the package Microsoft.ML.OnnxRuntime.Gpu, with what lies beside it.");
    private readonly Option<bool> _json = new("--json") { Description = "Write JSON and nothing else." };

    public static Command Create()
    {
        TuneCommand tune = new();
        Command command = new("tune", "Measures which plan, and how many threads, is the fastest on this machine, and writes it into model.onnx.tune, which runners go by.")
        {
            tune._model, tune._budget, tune._cores, tune._dims, tune._fills, tune._plan, tune._outputs, tune._ensemble, tune._project, tune._device, tune._library, tune._json,
        };
        command.SetAction((arguments, cancellationToken) =>
        {
            string[] paths = arguments.GetRequiredValue(tune._model);
            return arguments.GetValue(tune._ensemble) is { } ensemble ? tune.EnsembleAsync(ensemble, paths, arguments, cancellationToken)
                : arguments.GetValue(tune._device) is { } device ? tune.DeviceAsync(device, paths, arguments, cancellationToken)
                : tune.ModelAsync(paths, arguments, cancellationToken);
        });
        return command;
    }

    private Task<int> EnsembleAsync(string name, string[] paths, ParseResult arguments, CancellationToken cancellationToken)
    {
        InvocationConfiguration console = arguments.InvocationConfiguration;
        return CommandGuard.RunAsync(name, console.Error, "what was measured is written", () =>
        {
            arguments.Refuse(_ensemble, _plan);
            Load(arguments);
            string folder = arguments.GetValue(_project) ?? ".";
            if (!Directory.Exists(folder))
                throw new RefusedException($"--project {folder}: there is no such folder. Give the folder of the project that has the OnnxEnsemble item.");
            return OnDevices(arguments.GetValue(_library), () => RunEnsemble(
                name, folder, paths, Positive("--budget", arguments.GetValue(_budget)) ?? DefaultBudget, Positive("--cores", arguments.GetValue(_cores)),
                BenchOptions.Sizes(arguments.GetValue(_dims) ?? []), BenchOptions.Numbers(arguments.GetValue(_fills) ?? []),
                CleaveCommand.List(arguments.GetValue(_device)), arguments.GetValue(_outputs) ?? [], arguments.GetValue(_json), console.Output, console.Error, cancellationToken));
        }, cancellationToken);
    }

    private Task<int> DeviceAsync(string name, string[] paths, ParseResult arguments, CancellationToken cancellationToken)
    {
        InvocationConfiguration console = arguments.InvocationConfiguration;
        return CommandGuard.RunAsync(paths[0], console.Error, CommandGuard.NothingWritten, () =>
        {
            arguments.Refuse("without --ensemble", _project, _outputs);
            arguments.Refuse(_device, _budget, _dims, _fills, _plan);
            Load(arguments);
            return OnDevices(arguments.GetValue(_library), () => RunDevice(
                CleaveCommand.One(paths), name, Positive("--cores", arguments.GetValue(_cores)), arguments.GetValue(_json), console.Output, console.Error, cancellationToken));
        }, cancellationToken);
    }

    private Task<int> ModelAsync(string[] paths, ParseResult arguments, CancellationToken cancellationToken)
    {
        InvocationConfiguration console = arguments.InvocationConfiguration;
        return CommandGuard.RunAsync(paths[0], console.Error, CommandGuard.NothingWritten, () =>
        {
            arguments.Refuse("without --ensemble", _project, _outputs);
            Load(arguments);
            return Run(
                CleaveCommand.One(paths),
                new TuneOptions(
                    TimeSpan.FromSeconds(Positive("--budget", arguments.GetValue(_budget)) ?? DefaultBudget),
                    Positive("--cores", arguments.GetValue(_cores)),
                    [.. (arguments.GetValue(_dims) ?? []).Select(set => BenchOptions.Sizes([set]))],
                    BenchOptions.Numbers(arguments.GetValue(_fills) ?? []),
                    arguments.GetValue(_plan) ?? ""),
                arguments.GetValue(_json), console.Output, console.Error, cancellationToken);
        }, cancellationToken);
    }

    private void Load(ParseResult arguments)
    {
        if (arguments.GetValue(_library) is { } native)
            ResolvedOnnxRuntime.Load(native);
    }

    // What is missing is said as to an application, which references a package; this command takes a library.
    private static int OnDevices(string? library, Func<int> run)
    {
        try
        {
            return run();
        }
        catch (DeviceUnavailableException e) when (LacksProvider(CudaDevice.Look()))
        {
            throw new RefusedException(e.Message + (library is not null
                ? $" It has to be built with CUDA, and its provider, {CudaLibraries.ProviderFile}, to lie beside '{library}'."
                : " This command comes with ONNX Runtime for the CPU: name that package's library with --onnxruntime, "
                + "libonnxruntime.so in runtimes/linux-x64/native of Microsoft.ML.OnnxRuntime.Gpu.Linux, or onnxruntime.dll in runtimes/win-x64/native of Microsoft.ML.OnnxRuntime.Gpu.Windows."));
        }
    }

    private static bool LacksProvider(CudaRequirements found) => found.ProviderPath is null || !found.Providers.Contains(CudaRequirements.Provider);

    private static int Run(string path, TuneOptions options, bool json, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        int granted = Granted(options.Cores, error);
        TuningResult result = TuneRun.Measure(path, options, json ? TextWriter.Null : error, cancellationToken).GetAwaiter().GetResult();
        if (json)
            JsonReport.Write(TuneReport.Of(path, result, granted), JsonReport.Default.TuneReport, output);
        else
            Write(result, granted, output);
        return result.File is null ? CleaveCommand.Failure : CleaveCommand.Success;
    }

    private static int RunEnsemble(
        string name, string folder, string[] paths, int budget, int? cores, IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills, string[] devices, string[] outputs, bool json,
        TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        EnsembleModels models = new(name, paths, dims, fills, devices, outputs);
        WritableTuning.Check(models.FileIn(folder));
        int granted = Granted(cores, error);
        Action<string> progress = step => (json ? TextWriter.Null : error).Write(Terminal.Safe(step) + "\n");
        EnsembleTuningJournal journal = new(models, folder, granted, TimeSpan.FromSeconds(budget), cancellationToken);
        EnsembleReport? report = EnsembleTuning.Run(models, journal, granted, progress);
        if (report is null)
            throw new RefusedException($"There was no time for one matrix: what was measured of the members is kept; call it again, or with more than --budget {budget}.");
        if (json)
        {
            JsonReport.Write(report, JsonReport.Default.EnsembleReport, output);
            return CleaveCommand.Success;
        }
        report.Write(output);
        output.Write((report.IsComplete ? "" : "Not all was measured: call it again, or with a longer --budget.\n") + "Written to " + Terminal.Safe(report.File!) + "\n");
        return CleaveCommand.Success;
    }

    private static int RunDevice(string path, string name, int? cores, bool json, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        if (json)
            throw new RefusedException("--json: what --device measures is lines of text, as they stand in the tuning file.");
        int granted = Granted(cores, error);
        using IDevice device = DeviceTuneRun.Open(name);
        foreach (string line in DeviceTuneRun.Run(path, granted, device, step => error.Write(Terminal.Safe("measuring " + step) + "\n"), cancellationToken))
            output.Write(Terminal.Safe(line) + "\n");
        output.Write("Written to " + Terminal.Safe(path + TuningFile.Ending) + For(granted) + "\n");
        return CleaveCommand.Success;
    }

    // Machines that have as many as were asked for would not find what is measured with fewer.
    private static int Granted(int? asked, TextWriter error)
    {
        CoreLedger.Process.Cores.Read();
        int granted = CoreLedger.Process.Cores.Budget.WithOption(asked).Cores;
        if (asked > granted)
            error.Write(string.Create(CultureInfo.InvariantCulture, $"note: --cores {asked}: this process is granted {PlainText.Count(granted, "core")}, so it is tuned{For(granted)}; call it where it has as many\n"));
        return granted;
    }

    private static string For(int cores) => " for " + PlainText.Count(cores, "core");

    internal static void Write(TuningResult result, int cores, TextWriter output)
    {
        foreach (TuningRequest request in result.Requests)
            output.Write(Terminal.Safe(request.ToString()) + "\n");
        foreach (string note in result.Notes)
            output.Write(Terminal.Safe(note) + "\n");
        if (result.File is not { } file)
            return;
        int hurried = result.Requests.Sum(static r => r.Times.Skip(r.Times.Count > 1 ? 1 : 0).Count(static t => t.Rounds < PairTimer.Enough));
        if (!result.IsComplete)
            output.Write("Not all was measured: call it again, or with a longer --budget.\n");
        else if (hurried > 0)
            output.Write(string.Create(CultureInfo.InvariantCulture, $"{PlainText.Count(hurried, "comparison")} had fewer than {PairTimer.Enough} turns, and may name the wrong winner: call it again, or with a longer --budget.\n"));
        output.Write("Written to " + Terminal.Safe(file) + For(cores) + "\n");
    }

    private static int? Positive(string option, int? number) => number is < 1
        ? throw new RefusedException(string.Create(CultureInfo.InvariantCulture, $"{option} {number}: give at least 1."))
        : number;
}
