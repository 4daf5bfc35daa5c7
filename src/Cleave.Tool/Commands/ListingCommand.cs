using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Tool.Inspection;
using Cleave.Tool.Output;

namespace Cleave.Tool.Commands;

/// <summary><c>cleave listing model.onnx</c>: what the build would hand to the generator (docs/listing.md).</summary>
internal static class ListingCommand
{
    public static Command Create()
    {
        Argument<string> model = CleaveCommand.ModelArgument();
        Command command = new("listing", "Writes a model's graph listing, for bug reports: no weights are in it.") { model };
        command.SetAction((arguments, cancellationToken) =>
        {
            InvocationConfiguration console = arguments.InvocationConfiguration;
            string path = arguments.GetRequiredValue(model);
            return CommandGuard.RunAsync(path, console.Error, CommandGuard.NothingShown, () => Run(path, console.Output, console.Error, cancellationToken), cancellationToken);
        });
        return command;
    }

    private static int Run(string path, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        ModelListing listing = ModelFile.List(path, cancellationToken);
        using MemoryStream text = new();
        ListingWriter.Write(listing, text);
        output.Write(Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length));
        ProblemLines.Write([.. listing.Problems.Select(p => ReportBuilder.Describe(p, path))], error);
        return listing.Problems.Any(p => p.Rule.Severity == Severity.Error) ? CleaveCommand.Failure : CleaveCommand.Success;
    }
}
