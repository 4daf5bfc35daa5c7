using System.Collections.Generic;
using System.IO;
using Cleave.Tool.Inspection;

namespace Cleave.Tool.Output;

/// <summary>One line for each problem, in the form that compilers use.</summary>
internal static class ProblemLines
{
    public static void Write(IReadOnlyList<ProblemReport> problems, TextWriter target)
    {
        foreach (ProblemReport problem in problems)
            target.Write($"cleave: {problem.Severity} {problem.Id}: {Terminal.Safe(problem.Message)}\n");
    }
}
