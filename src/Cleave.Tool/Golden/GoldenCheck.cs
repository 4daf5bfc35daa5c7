using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Golden;

/// <summary>What is not as it was recorded.</summary>
/// <param name="Set">The recorded set.</param>
/// <param name="Kind"><c>input</c> or <c>output</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="What">The difference.</param>
internal sealed record GoldenDifference(string Set, string Kind, string Name, string What);

/// <summary>Runs a model on its recorded inputs, and compares what it gives with the recorded outputs.</summary>
internal static class GoldenCheck
{
    /// <summary>
    /// As a part of the output's range. Recordings are made on one machine and compared on another, with another release
    /// of ONNX Runtime: their kernels add in other orders.
    /// </summary>
    public const double DefaultTolerance = 1e-3;

    private const string Input = "input";
    private const string Output = "output";

    /// <exception cref="RefusedException">The recording does not fit the model, or the model does not run.</exception>
    public static IReadOnlyList<GoldenDifference> Run(ModelUnderTest model, IReadOnlyList<string> sets, double tolerance, CancellationToken cancellationToken)
    {
        InputMaker maker = new(model.Graph, new Dictionary<string, double>());
        List<GoldenDifference> differences = [];
        try
        {
            using SessionChain chain = SessionChain.OfFile(model, new SessionRequest(GraphOptimizationLevel.ORT_ENABLE_ALL, 1));
            foreach (string set in sets)
            {
                cancellationToken.ThrowIfCancellationRequested();
                differences.AddRange(Renamed(set, Input, [.. maker.Inputs.Select(static i => i.Name)]).Concat(Renamed(set, Output, model.Graph.Outputs)));
                Dictionary<string, TensorCopy> given = chain.Run(GivenInputs.Read(set, maker.Inputs).Values, model.Graph.Outputs);
                for (int i = 0; i < model.Graph.Outputs.Count; i++)
                {
                    string name = model.Graph.Outputs[i];
                    OutputDifference difference = given.TryGetValue(name, out TensorCopy? actual)
                        ? OutputDifference.Between(GoldenSets.ReadOutput(set, i), actual)
                        : OutputDifference.Missing;
                    if (!IsAllowed(difference, actual, model.IsQuantised, tolerance))
                        differences.Add(new GoldenDifference(Path.GetFileName(set), Output, name, Text(difference)));
                }
            }
        }
        catch (SegmentException e)
        {
            throw new RefusedException($"ONNX Runtime does not run the model on what was recorded: {e.Message}");
        }
        return differences;
    }

    // Files go by their number: without their names, another value in a place and one that is gone would not be seen.
    private static IEnumerable<GoldenDifference> Renamed(string set, string kind, IReadOnlyList<string> names)
    {
        int recorded = GoldenSets.Count(set, kind);
        for (int i = 0; i < recorded; i++)
        {
            string before = GoldenSets.NameIn(set, kind, i);
            if (i >= names.Count)
                yield return new GoldenDifference(Path.GetFileName(set), kind, before.Length > 0 ? before : string.Create(CultureInfo.InvariantCulture, $"{kind}_{i}.pb"), $"the model has no such {kind}");
            else if (before.Length > 0 && before != names[i])
                yield return new GoldenDifference(Path.GetFileName(set), kind, names[i], $"what was recorded there is called '{before}'");
        }
    }

    private static bool IsAllowed(OutputDifference difference, TensorCopy? actual, bool quantised, double tolerance) => difference.Other is null
        && (actual is not null && Tolerance.IsFloat(actual.Type) ? difference.OfRange <= tolerance || (Tolerance.HasNoRange(difference) && difference.Absolute <= Math.Min(Tolerance.Step, tolerance))
            : difference.Absolute <= (quantised && actual is not null && Tolerance.IsShortInteger(actual.Type) ? 1 : 0));

    private static string Text(OutputDifference difference) =>
        difference.Other ?? "it is apart by " + difference.Apart() + string.Create(CultureInfo.InvariantCulture, $" (at most {difference.Absolute:g3})");
}
