using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Text;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Tool.Output;
using Cleave.Tool.Rewriting;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave contract model.onnx [--accept]</c> (docs/contract.md)</summary>
internal static class ContractCommand
{
    public static Command Create()
    {
        Argument<string> model = CleaveCommand.ModelArgument();
        Option<bool> accept = new("--accept") { Description = "Write the contract anew, as the model is." };
        Command command = new("contract", "Compares a model's inputs, outputs and operator sets with the contract beside it, or writes that.") { model, accept };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            string path = arguments.GetRequiredValue(model);
            bool write = arguments.GetValue(accept);
            return CommandGuard.RunAsync(path, console.Error, CommandGuard.NothingWritten, () => Run(path, write, console.Output, cancellationToken), cancellationToken);
        });
        return command;
    }

    private static int Run(string path, bool write, TextWriter output, CancellationToken cancellationToken)
    {
        OnnxModel model = ModelReader.ReadFile(path, cancellationToken);
        string contract = ModelContract.FileOf(path);
        bool exists = File.Exists(contract);
        if (!exists && !write)
            throw new RewriteException($"{contract} does not exist: cleave contract --accept {path} writes it");
        IReadOnlyList<string> differences = exists ? ModelContract.Differences(File.ReadAllText(contract), model) : [];
        foreach (string difference in differences)
            output.Write(Terminal.Safe(difference) + "\n");
        if (!write)
        {
            if (differences.Count == 0)
                output.Write("The model keeps its contract.\n");
            return differences.Count == 0 ? CleaveCommand.Success : CleaveCommand.Failure;
        }
        if (exists && differences.Count == 0)
        {
            output.Write("The model keeps its contract; nothing was written.\n");
            return CleaveCommand.Success;
        }
        byte[] text = Encoding.UTF8.GetBytes(ModelContract.Text(model, Path.GetFileName(path)));
        OutputFile.Write(contract, stream => stream.Write(text));
        output.Write($"Wrote {Terminal.Safe(contract)}. Check it in with the model.\n");
        return CleaveCommand.Success;
    }
}
