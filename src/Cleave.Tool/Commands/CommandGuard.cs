using System;
using System.IO;
using System.Threading.Tasks;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Tool.Benching;
using Cleave.Tool.Output;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Verification;

namespace Cleave.Tool.Commands;

/// <summary>What commands say that cannot do what they were asked to.</summary>
internal static class CommandGuard
{
    public const string NothingWritten = "nothing was written";
    public const string NothingMeasured = "nothing was measured";
    public const string NothingPlanned = "nothing was planned";
    public const string NothingVerified = "nothing was verified";

    /// <param name="path">The model, as it was given.</param>
    /// <param name="error">Where it is said.</param>
    /// <param name="undone">What has not happened where the command is cancelled.</param>
    /// <param name="run">The command.</param>
    public static int Run(string path, TextWriter error, string undone, Func<int> run) =>
        RunAsync(path, error, undone, () => Task.FromResult(run())).GetAwaiter().GetResult();

    /// <inheritdoc cref="Run"/>
    public static async Task<int> RunAsync(string path, TextWriter error, string undone, Func<Task<int>> run)
    {
        try
        {
            return await run().ConfigureAwait(false);
        }
        catch (Exception e) when (e is BenchException or ListingException or RewriteException or VerifyException or ModelException or CleaveException or IOException or UnauthorizedAccessException)
        {
            string message = e is ModelException problem ? $"{problem.Problem.Rule.Id}: {problem.Problem.Message(path)}" : e.Message;
            error.Write($"cleave: error {Terminal.Safe(message)}\n");
            return CleaveCommand.Failure;
        }
        catch (OperationCanceledException)
        {
            error.Write($"cleave: cancelled; {undone}\n");
            return CleaveCommand.Failure;
        }
    }
}
