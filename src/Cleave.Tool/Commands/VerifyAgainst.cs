using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Threading;
using Cleave.Tool.Output;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Running;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave verify model.int8.onnx --against model.onnx</c></summary>
internal static class VerifyAgainst
{
    public static int Run(string path, string source, IReadOnlyList<string> folders, double? budget, bool json, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> inputs = folders.Count > 0 ? folders : RecordedFolders.Of(path, source);
        SourceComparison found = SourceComparison.Of(path, source, inputs, budget, cancellationToken);
        if (json)
            JsonReport.Write(found, JsonReport.Default.SourceComparison, console.Output);
        else
            Write(found, console.Output);
        return found.IsWithin ? CleaveCommand.Success : CleaveCommand.Failure;
    }

    private static void Write(SourceComparison found, TextWriter output)
    {
        output.Write(Terminal.Safe($"{found.Model} against {found.Against}: {found.Words}") + "\n");
        output.Write($"median {ErrorText.Of(found.Error.Median)}, cosine {ErrorText.Cosine(found.Error.Cosine)}, same top-1 in {ErrorText.Top1(found.Error.Top1)} of the rows\n");
        if (found.Calibrated > 0)
            output.Write($"note: {PlainText.Count(found.Calibrated, "input was", "inputs were")} left out, since it was made with them\n");
        foreach (string note in found.Notes)
            output.Write("note: " + Terminal.Safe(note) + "\n");
        output.Write(found.IsWithin ? "verdict: within the budget\n" : "verdict: BEYOND THE BUDGET\n");
    }
}
