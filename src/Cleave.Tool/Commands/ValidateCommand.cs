using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Tool.Measuring;
using Cleave.Tool.Output;
using Cleave.Tool.Validation;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave validate model.onnx …</c> (docs/ci.md)</summary>
internal static class ValidateCommand
{
    public const string Name = "validate";

    /// <summary>Not all was validated.</summary>
    public const int NotDone = 2;

    private const string NothingValidated = "not all was validated";
    private const int DefaultLimit = 300;

    public static Command Create()
    {
        Argument<string[]> models = new("models") { Description = "Models, or graph listings of a build (.graph), which carry the item metadata.", Arity = ArgumentArity.OneOrMore };
        models.Validators.Add(CleaveCommand.RefuseNothing);
        Option<string?> project = CleaveCommand.PathOption("--project", "The folder that the paths in listings are relative to. Default: this one.");
        Option<string?> library = CleaveCommand.PathOption("--onnxruntime", "The native library to run on, instead of the one that comes with this command.");
        Option<string?> junit = CleaveCommand.PathOption("--junit", "Write JUnit XML there.");
        Option<string?> summary = CleaveCommand.PathOption("--summary", "Write a summary in Markdown there.");
        Option<string?> cache = CleaveCommand.PathOption("--cache", "A folder that remembers which models passed, by content: they are not run again.");
        Option<int?> limit = CleaveCommand.Number<int>("--limit", "Seconds after which a model is given up. Default: 300.", least: 1, most: CleaveCommand.LongestLimit);
        Option<string?> slowdown = new("--max-slowdown") { Description = "The speed budget of models whose item has none: how many times as long as ONNX Runtime's plain session one may take, such as 1.1." };
        Command command = new(Name, "Loads and runs models as an application would, each in a process of its own, and compares split, whole and recorded results. Exit code 1: a model failed. Exit code 2: not all was validated.")
        {
            models, project, library, junit, summary, cache, limit, slowdown,
        };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            return CommandGuard.RunAsync("", console.Error, NothingValidated, () => Run(new ValidationRequest(
                arguments.GetRequiredValue(models), Path.GetFullPath(arguments.GetValue(project) ?? "."), arguments.GetValue(library) is { } path ? Path.GetFullPath(path) : null,
                arguments.GetValue(junit), arguments.GetValue(summary), arguments.GetValue(cache), TimeSpan.FromSeconds(arguments.GetValue(limit) ?? DefaultLimit),
                arguments.GetValue(slowdown) ?? ""),
                console.Output, cancellationToken), cancellationToken, NotDone);
        });
        return command;
    }

    private static int Run(ValidationRequest request, TextWriter output, CancellationToken cancellationToken)
    {
        if (request.MaxSlowdown.Length > 0 && SpeedBudget.Parse(request.MaxSlowdown) is null)
            throw new RefusedException($"--max-slowdown {request.MaxSlowdown}: {SpeedBudget.Advice}.");
        List<ValidationReport> reports = request.RunAsync(new WorkerHost(typeof(ValidateCommand).Assembly), report => Write(report, output), cancellationToken).GetAwaiter().GetResult();
        return reports.All(r => r.Passed) ? CleaveCommand.Success : CleaveCommand.Failure;
    }

    // In the form that MSBuild and editors read: file, severity, id, text.
    private static void Write(ValidationReport report, TextWriter output)
    {
        foreach (Problem problem in report.Checks.Select(c => c.ToProblem()).OfType<Problem>())
            output.Write($"{Terminal.Safe(report.File)} : error {problem.Rule.Id}: {Terminal.Safe(problem.Message(report.Model))}\n");
        if (report.LeftOut is { } left)
            output.Write($"{Terminal.Safe(report.Model)}: not validated: {left}\n");
        else if (report.Passed)
            output.Write($"{Terminal.Safe(report.Model)}: {(report.Unchanged ? "passed before, unchanged" : "passed (" + string.Join(", ", report.Checks.Select(c => c.Name)) + ")")}\n");
        if (report.NotKept is { } why)
            output.Write($"{Terminal.Safe(report.Model)}: note: that it passed is not remembered: {Terminal.Safe(why)}\n");
    }
}
