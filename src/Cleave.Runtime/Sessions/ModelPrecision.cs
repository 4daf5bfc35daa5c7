using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Widening;
using Cleave.Core.Releases;
using Cleave.Generated;
using Cleave.Logging;
using Microsoft.Extensions.Logging;

namespace Cleave.Sessions;

/// <summary>Whether a model's floats of 16 bits are computed in 32, and why.</summary>
/// <param name="Halves">What is widened; null: nothing.</param>
/// <param name="Why">For the log; empty where the model has none.</param>
internal sealed record ModelPrecision(HalfFloats? Halves, string Why)
{
    private const int MostNamed = 3;

    /// <summary>How many bytes more the weights have.</summary>
    public long ExtraBytes => Halves?.WeightBytes ?? 0;

    /// <summary>Decides it for a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">What the application asked for.</param>
    /// <param name="memory">What the sessions may take.</param>
    /// <param name="sessionBytes">What a session of the published model takes.</param>
    public static ModelPrecision Of(OnnxModel model, RunnerOptions options, MemoryLimit memory, long sessionBytes)
    {
        if (HalfFloats.Of(model) is not { } halves)
            return new ModelPrecision(null, "");
        if (options.Slicing == false)
            return new ModelPrecision(null, "Slicing is off");
        if (options.Precision == PrecisionChoice.AsPublished)
            return new ModelPrecision(null, "asked for");
        if (halves.WhyNotAtAll is { } never)
            return new ModelPrecision(null, never);
        if (options.Precision == PrecisionChoice.Widened)
            return new ModelPrecision(halves, "asked for");
        if (options.ConfigureSession != null)
            return new ModelPrecision(null, "ConfigureSession may put it on another device; Precision=\"Widened\" widens it all the same");
        string processor = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        IReadOnlyList<string> missing = HalfKernels.Missing(processor, halves.Operators);
        if (missing.Count == 0)
            return new ModelPrecision(null, "no operator is known to lack a kernel of 16 bits on " + processor);
        if (!memory.Allows(sessionBytes + halves.WeightBytes, out string scarce))
            return new ModelPrecision(null, scarce);
        string more = missing.Count > MostNamed ? " and " + (missing.Count - MostNamed) + " more" : "";
        return new ModelPrecision(halves, "there is no kernel of 16 bits for " + string.Join(", ", missing.Take(MostNamed)) + more);
    }

    /// <summary>Whether a segment is. Those that share a plan with an accelerator hand on what is published.</summary>
    public bool Widens(Segment segment) => Halves != null && !segment.IsOnDevice && segment.Plan is not { HasDevice: true };

    /// <summary>Says it.</summary>
    public void Write(ILogger logger, string model)
    {
        if (Halves != null)
            Log.Widened(logger, model, Why, Halves.WeightBytes / 1048576.0, Halves.WeightBytes * 2 / 1048576.0);
        else if (Why.Length > 0)
            Log.NotWidened(logger, model, Why);
    }
}
