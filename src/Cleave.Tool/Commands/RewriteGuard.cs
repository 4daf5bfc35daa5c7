using System;
using System.IO;
using Cleave.Core.Diagnostics;
using Cleave.Tool.Output;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Verification;

namespace Cleave.Tool.Commands;

/// <summary>What commands that write models say where they write none.</summary>
internal static class RewriteGuard
{
    public static int Run(string path, TextWriter error, Func<int> run)
    {
        try
        {
            return run();
        }
        catch (Exception e) when (e is RewriteException or VerifyException or ModelException or IOException or UnauthorizedAccessException)
        {
            string message = e is ModelException problem ? $"{problem.Problem.Rule.Id}: {problem.Problem.Message(path)}" : e.Message;
            error.Write($"cleave: error {Terminal.Safe(message)}\n");
            return CleaveCommand.Failure;
        }
        catch (OperationCanceledException)
        {
            error.Write("cleave: cancelled; nothing was written\n");
            return CleaveCommand.Failure;
        }
    }
}
