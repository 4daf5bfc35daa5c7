using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Tool.Inspection;
using Cleave.Tool.Output;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave inspect model.onnx [--json] [--values]</c></summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        Argument<string> model = CleaveCommand.ModelArgument();
        Option<bool> json = new("--json") { Description = "Write JSON (docs/inspect.md) and nothing else." };
        Option<bool> values = new("--values") { Description = "List every value: type, shape, what makes it, and whether Outputs can name it." };
        Command command = new("inspect", "Shows a model's signature, operators, parameters, what costs speed, and the generated C#.") { model, json, values };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            string path = arguments.GetRequiredValue(model);
            return CommandGuard.RunAsync(path, console.Error, CommandGuard.NothingShown, () => Run(
                path, arguments.GetValue(json), arguments.GetValue(values), console.Output, console.Error, cancellationToken), cancellationToken);
        });
        return command;
    }

    private static int Run(string path, bool json, bool values, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        ModelListing listing = ModelFile.List(path, cancellationToken);
        ModelReport report = ReportBuilder.Build(path, listing, values);
        bool failed = report.Problems.Any(p => p.Severity == ReportBuilder.Word(Severity.Error));
        if (json)
            JsonReport.Write(report, JsonReport.Default.ModelReport, output);
        else if (report.Graph is null)
            ProblemLines.Write(report.Problems, error);
        else
            TextReport.Write(report, Terminal.For(output));
        return failed ? CleaveCommand.Failure : CleaveCommand.Success;
    }
}
