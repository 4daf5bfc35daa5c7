using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Tool.Output;

namespace Cleave.Tool.Commands;

/// <summary>Runs commands so that Ctrl+C ends them in order, and says what they cannot do.</summary>
internal static class CommandGuard
{
    public const string NothingWritten = "nothing was written";
    public const string NothingMeasured = "nothing was measured";
    public const string NothingPlanned = "nothing was planned";
    public const string NothingVerified = "nothing was verified";
    public const string NothingShown = "nothing was shown";

    /// <summary>So long a cancelled command may take to delete what it has made: a session of a large model is created, or a block measured, to the end.</summary>
    public static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);

    /// <summary>Runs a command on a thread of its own: only once its task is there does the command line listen for Ctrl+C.</summary>
    /// <param name="path">The model, as it was given.</param>
    /// <param name="error">Where it is said.</param>
    /// <param name="undone">What has not happened where the command is cancelled.</param>
    /// <param name="run">The command.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="notDone">The exit code where it could not do what it was asked to.</param>
    public static Task<int> RunAsync(string path, TextWriter error, string undone, Func<int> run, CancellationToken cancellationToken, int notDone = CleaveCommand.Failure) =>
        Task.Factory.StartNew(() => Run(path, error, undone, run, notDone, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static int Run(string path, TextWriter error, string undone, Func<int> run, int notDone, CancellationToken cancellationToken)
    {
        try
        {
            return run();
        }
        // Ctrl+C reaches processes that the command has started, too: that they are gone is no other failure.
        catch (Exception e) when (e is OperationCanceledException || cancellationToken.IsCancellationRequested)
        {
            error.Write($"cleave: cancelled; {undone}\n");
        }
        catch (Exception e)
        {
            error.Write($"cleave: error {Terminal.Safe(Words(e, path))}\n");
        }
        return notDone;
    }

    /// <summary>What a problem with a model is called.</summary>
    public static string Words(Exception problem, string path) => problem switch
    {
        ModelException e => $"{e.Problem.Rule.Id}: {e.Problem.Message(e.Path ?? path)}",
        CommandException or ListingException or CleaveException or IOException or UnauthorizedAccessException => problem.Message,
        // Nobody has thought of this one: where it comes from is what a report of it needs.
        _ => $"{problem.GetType().Name}: {problem.Message} ({problem.StackTrace?.TrimStart().Split('\n')[0].TrimEnd()})",
    };
}
