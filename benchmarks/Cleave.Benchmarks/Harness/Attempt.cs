using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Benchmarks.Harness;

/// <summary>What could not be measured, and why.</summary>
internal sealed class NotMeasuredException(string message) : Exception(message);

/// <summary>One case of a family that has many: where it cannot be measured, a line says so, and the others are measured all the same.</summary>
internal static class Attempt
{
    /// <param name="what">The case.</param>
    /// <param name="measure">Measures it.</param>
    public static IEnumerable<Line> At(string what, Func<IEnumerable<Line>> measure)
    {
        List<Line> lines = [];
        try
        {
            // One by one: those before the failure are kept.
            foreach (Line line in measure())
                lines.Add(line);
        }
        catch (NotMeasuredException e)
        {
            Console.Error.WriteLine(e.Message);
            lines.Add(new Line(what, "measured", "failed: " + e.Message.Split('\n')[0], Verdict.Missed, e.Message));
        }
        return lines;
    }

    /// <inheritdoc cref="At(string, Func{IEnumerable{Line}})"/>
    public static Line At(string what, Func<Line> measure) => At(what, () => (Line[])[measure()]).Single();
}
