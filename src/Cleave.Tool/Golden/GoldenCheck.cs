using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Tool.Verification;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Golden;

/// <summary>An output that is not what was recorded.</summary>
internal sealed record GoldenDifference(string Set, string Output, string What);

/// <summary>Runs a model on its recorded inputs, and compares what it gives with the recorded outputs.</summary>
internal static class GoldenCheck
{
    /// <summary>
    /// As a part of the output's range. Recordings are made on one machine and compared on another, with another release
    /// of ONNX Runtime: their kernels add in other orders.
    /// </summary>
    public const double DefaultTolerance = 1e-3;

    /// <exception cref="VerifyException">The recording does not fit the model, or the model does not run.</exception>
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
                Dictionary<string, TensorCopy> given = chain.Run(GivenInputs.Read(set, maker.Inputs).Values, model.Graph.Outputs);
                for (int i = 0; i < model.Graph.Outputs.Count; i++)
                {
                    string name = model.Graph.Outputs[i];
                    OutputDifference difference = given.TryGetValue(name, out TensorCopy? actual)
                        ? OutputDifference.Between(GoldenSets.ReadOutput(set, i), actual)
                        : OutputDifference.Missing;
                    if (!IsAllowed(difference, actual, model.IsQuantised, tolerance))
                        differences.Add(new GoldenDifference(Path.GetFileName(set), name, Text(difference)));
                }
            }
        }
        catch (SegmentException e)
        {
            throw new VerifyException($"ONNX Runtime does not run the model on what was recorded: {e.Message}");
        }
        return differences;
    }

    private static bool IsAllowed(OutputDifference difference, TensorCopy? actual, bool quantised, double tolerance) => difference.Other is null
        && actual?.Type switch
        {
            ElementType.Float or ElementType.Double or ElementType.Float16 or ElementType.BFloat16 => difference.OfRange <= tolerance,
            ElementType.Int8 or ElementType.UInt8 => difference.Absolute <= (quantised ? 1 : 0),
            _ => difference.Absolute == 0,
        };

    private static string Text(OutputDifference difference) =>
        difference.Other ?? "it is apart by " + difference.Apart() + string.Create(CultureInfo.InvariantCulture, $" (at most {difference.Absolute:g3})");
}
