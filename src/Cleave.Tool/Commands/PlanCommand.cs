using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using Cleave.Core.Clustering;
using Cleave.Core.Listing;
using Cleave.Cores;
using Cleave.Tool.Benching;
using Cleave.Tool.Ensembles;
using Cleave.Tool.Output;
using Cleave.Tool.Planning;
using Cleave.Tool.Running;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave plan model.onnx --cores 8 [--dims sequence=128]</c></summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        Argument<string[]> model = CleaveCommand.ModelsArgument();
        Option<int?> cores = CleaveCommand.Number<int>("--cores", "For how many cores. Default: all that this process may use.", least: 1, most: CoreBudget.MostCores);
        Option<string> dims = new("--dims") { Description = "Sizes of dimensions that the model leaves open: batch=1,sequence=128. Default: 1 for the batch, 128 for the others." };
        Option<PlanMode?> mode = CleaveCommand.PlanOption("auto: split where that is predicted to pay; whole: never; split: always. Default: auto.");
        Option<string?> device = CleaveCommand.PathOption("--device", "A device table to predict with: avx2 (which the build plans for), avx512, neon, or a file made by cleave calibrate. Default: avx2. With --ensemble the devices that the item lists, as cuda:0,cuda:1,cpu.");
        Option<string[]> outputs = CleaveCommand.OutputsOption("the model's");
        Option<string?> prepared = CleaveCommand.PathOption("--prepared", "The folder of prepared models that the runner is given. Default: the one that CLEAVE_PREPARED names, and 'prepared' beside the model.");
        Option<string?> ensemble = CleaveCommand.EnsembleOption("Plan several models that answer as one: the name of their OnnxEnsemble item; give all member models as arguments, in its order. Shows how many instances, threads and samples each gets on this machine: measured if cleave tune --ensemble was run here, else predicted.");
        Option<string?> project = CleaveCommand.ProjectOption();
        Option<bool> json = new("--json") { Description = "Write JSON with everything (docs/plan.md) and nothing else." };
        Option<bool> mermaid = new("--mermaid") { Description = "Write a Mermaid diagram of the plan and nothing else." };
        Command command = new("plan", "Shows how a model would be run on so many cores: whole or split, with predicted times, and why.")
        {
            model, cores, dims, mode, device, outputs, prepared, ensemble, project, json, mermaid,
        };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            string[] paths = arguments.GetRequiredValue(model);
            int count = arguments.GetValue(cores) ?? CoreBudget.Resolve(null).Cores;
            if (arguments.GetValue(ensemble) is { } name)
            {
                return CommandGuard.RunAsync(name, console.Error, CommandGuard.NothingPlanned, () =>
                {
                    arguments.Refuse(ensemble, mode, prepared, mermaid);
                    return RunEnsemble(
                        name, arguments.GetValue(project) ?? ".", paths, count, BenchOptions.Sizes(arguments.GetValue(dims) is { } sizes ? [sizes] : []), CleaveCommand.List(arguments.GetValue(device)),
                        arguments.GetValue(outputs) ?? [], arguments.GetValue(json), console.Output);
                }, cancellationToken);
            }
            return CommandGuard.RunAsync(paths[0], console.Error, CommandGuard.NothingPlanned, () =>
            {
                string path = CleaveCommand.One(paths);
                arguments.Refuse("without --ensemble", project);
                if (arguments.GetValue(json))
                    arguments.Refuse(json, mermaid);
                string[] asked = [.. EscapedList.Read(string.Join(';', arguments.GetValue(outputs) ?? []))];
                PlanRequest request = new(count, DimensionSample.Parse(arguments.GetValue(dims) ?? ""), arguments.GetValue(mode) ?? PlanMode.Auto, arguments.GetValue(device))
                {
                    Outputs = asked,
                    Prepared = arguments.GetValue(prepared) is { } folder ? Path.GetFullPath(folder) : null,
                };
                using ModelUnderTest opened = new(path, asked, cancellationToken);
                PlanReport report = PlanRun.Run(opened, request, cancellationToken);
                if (arguments.GetValue(json))
                    JsonReport.Write(report, JsonReport.Default.PlanReport, console.Output);
                else if (arguments.GetValue(mermaid))
                    PlanDiagram.Write(report, console.Output);
                else
                    PlanText.Write(report, console.Output);
                return CleaveCommand.Success;
            }, cancellationToken);
        });
        return command;
    }

    private static int RunEnsemble(string name, string folder, string[] paths, int cores, IReadOnlyDictionary<string, string> dims, string[] devices, string[] outputs, bool json, TextWriter output)
    {
        EnsembleReport report = EnsemblePlanRun.Run(new EnsembleModels(name, paths, dims, new Dictionary<string, string>(), devices, outputs), folder, cores);
        if (json)
            JsonReport.Write(report, JsonReport.Default.EnsembleReport, output);
        else
            report.Write(output);
        return CleaveCommand.Success;
    }
}
