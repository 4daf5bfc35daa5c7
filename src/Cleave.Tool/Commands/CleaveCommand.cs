using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Cleave.Tool.Commands;

/// <summary>The command line: <c>cleave inspect</c>, <c>plan</c>, <c>bench</c>, <c>verify</c>, <c>fix</c>, <c>extract</c>, <c>listing</c>, <c>calibrate</c>.</summary>
internal static class CleaveCommand
{
    public const int Success = 0;
    public const int Failure = 1;

    public static Task<int> InvokeAsync(string[] arguments, TextWriter output, TextWriter error, CancellationToken cancellationToken = default)
    {
        RootCommand root = new("Looks into ONNX models, as the package Cleave sees them.")
        {
            InspectCommand.Create(),
            PlanCommand.Create(),
            BenchCommand.Create(),
            VerifyCommand.Create(),
            FixCommand.Create(),
            ExtractCommand.Create(),
            ListingCommand.Create(),
            CalibrateCommand.Create(),
        };
        return root.Parse(arguments).InvokeAsync(new InvocationConfiguration { Output = output, Error = error }, cancellationToken);
    }

    /// <summary>The argument that every command takes.</summary>
    public static Argument<string> ModelArgument() => new("model") { Description = "The .onnx file." };
}
