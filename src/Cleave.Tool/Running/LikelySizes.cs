using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Running;

/// <summary>Sizes for dimensions that a model leaves open and nobody gave: many models do not run with 1.</summary>
internal static class LikelySizes
{
    /// <summary>
    /// The given sizes with others that the model runs with, where it does not run with 1 for those that are not given; the same where none
    /// are found, and the measurement will say why.
    /// </summary>
    /// <param name="path">The model's file.</param>
    /// <param name="model">The model.</param>
    /// <param name="given">Sizes by the dimension's name.</param>
    /// <param name="fills">Numbers by input.</param>
    public static IReadOnlyDictionary<string, string> Complete(
        string path, OnnxModel model, IReadOnlyDictionary<string, string> given, IReadOnlyDictionary<string, string> fills)
    {
        InputMaker maker = new(PlanGraphBuilder.Build(ShapeInference.Infer(model)), new Dictionary<string, double>());
        OpenDimension[] open = [.. OpenDimension.Of(maker.Inputs).Where(d => !given.ContainsKey(d.Name))];
        if (open.Length == 0 || open.Any(d => d.Name.Contains(',')) || maker.Inputs.Any(i => i.Type is not OnnxType.Tensor { Shape: not null } tensor || !tensor.Element.IsInBinding()))
            return given;
        using InferenceSession? session = Open(path);
        if (session is null)
            return given;
        DimensionSample part = new(given.ToDictionary(g => g.Key, g => long.Parse(g.Value, CultureInfo.InvariantCulture), StringComparer.Ordinal));
        foreach (DimensionSample sample in part.Completions(open).Where(maker.IsModest))
        {
            Dictionary<string, string> completed = sample.Sizes.ToDictionary(s => s.Key, s => s.Value.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal);
            if (Runs(session, RequestInputs.For(model, completed, fills)))
                return open.All(d => sample.Sizes[d.Name] == 1) ? given : completed;
        }
        return given;
    }

    private static InferenceSession? Open(string path)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        try
        {
            return new InferenceSession(path, options);
        }
        catch (OnnxRuntimeException)
        {
            // Nor will any candidate of the measurement open it: each of them says so.
            return null;
        }
    }

    private static bool Runs(InferenceSession session, RequestInputs inputs)
    {
        using RunOptions run = new();
        OrtValue[] values = [.. inputs.Inputs.Select(i => new TensorCopy(i.Type, Array.ConvertAll(i.Shape, d => (long)d), i.Bytes, i.Type == ElementType.String ? [.. Enumerable.Repeat("", i.Count)] : null).ToOrtValue())];
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, [.. inputs.Inputs.Select(i => i.Name)], values, session.OutputNames);
            return true;
        }
        catch (OnnxRuntimeException)
        {
            return false;
        }
        finally
        {
            foreach (OrtValue value in values)
                value.Dispose();
        }
    }
}
