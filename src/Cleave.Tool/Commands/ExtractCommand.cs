using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Cleave.Sources;
using Cleave.Tool.Output;
using Cleave.Tool.Rewriting;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave extract model.onnx --nodes 3-17,20 -o part.onnx</c></summary>
internal static class ExtractCommand
{
    public static Command Create()
    {
        Argument<string> model = CleaveCommand.ModelArgument();
        Option<string> output = new("--output", "-o") { Description = "The file to write; one that is there is replaced. Weights outside the model's file go beside it, as FILE.data, unless it is written into the model's folder.", Required = true };
        Option<string[]> nodes = new("--nodes") { Description = "Nodes by position, range or name: 3-17,20,/encoder/MatMul." };
        Option<string[]> outputs = new("--outputs") { Description = "Values, and everything that they need: \"scores;/pool/output_0\"; %3B is a semicolon in a name, %25 a percent sign." };
        Command command = new("extract", "Writes a part of a model as a model of its own, with all types and shapes, to look at or to run. Takes exactly one of --nodes and --outputs.") { model, nodes, outputs, output };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            string path = arguments.GetRequiredValue(model);
            return CommandGuard.RunAsync(path, console.Error, CommandGuard.NothingWritten, () => Run(
                path, arguments.GetRequiredValue(output), arguments.GetValue(nodes) ?? [], [.. (arguments.GetValue(outputs) ?? []).SelectMany(static names => EscapedList.Read(names))], console, cancellationToken), cancellationToken);
        });
        return command;
    }

    private static int Run(string path, string output, string[] nodes, string[] outputs, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        if ((nodes.Length == 0) == (outputs.Length == 0))
            throw new RewriteException("Give either --nodes or --outputs.");
        string source = Checked(path, cancellationToken);
        using TargetFile target = new(output, source);
        ModelProto model = ModelMessage.Read(source);
        ExternalWeights external = new(Path.GetDirectoryName(source)!);
        target.Spare(external.Files(model));
        Extraction extraction = new(model);
        ModelProto part = nodes.Length > 0 ? extraction.For(NodeSelection.Read(nodes, extraction.Nodes)) : extraction.For(outputs);
        string draft = target.Draft("onnx"), data = target.Draft("data");
        bool movesWeights = !target.IsBesideSource && ExternalWeights.Has(part);
        if (movesWeights)
        {
            external.Move(part, data);
            ExternalWeights.Rename(part, Path.GetFileName(data), Path.GetFileName(target.DataPath));
        }
        ModelMessage.Write(part, draft);
        Checked(draft, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (movesWeights)
            File.Move(data, target.DataPath, overwrite: true);
        File.Move(draft, target.Path, overwrite: true);
        Say(part, extraction, output, console.Output);
        return CleaveCommand.Success;
    }

    // Cleave's own reader says what is wrong with a file; links are resolved.
    private static string Checked(string path, CancellationToken cancellationToken)
    {
        string resolved = ModelLocation.FinalTarget(path);
        ModelReader.ReadFile(resolved, cancellationToken);
        return resolved;
    }

    private static void Say(ModelProto part, Extraction extraction, string output, TextWriter console)
    {
        Write($"{output}: {PlainText.Count(part.Graph.Node.Count, "node")}, {PlainText.Count(part.Graph.Initializer.Count + part.Graph.SparseInitializer.Count, "initializer")}");
        Write("inputs: " + string.Join(", ", part.Graph.Input.Select(i => i.Name)));
        Write("outputs: " + string.Join(", ", part.Graph.Output.Select(o => o.Name)));
        foreach (string name in extraction.Untyped)
            Write($"note: the type of '{name}' is not known: viewers show the part, ONNX Runtime does not run it");

        void Write(string text) => console.Write(Terminal.Safe(text) + "\n");
    }
}
