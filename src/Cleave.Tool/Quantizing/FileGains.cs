using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;

namespace Cleave.Tool.Quantizing;

/// <summary>What a model that loses its batch axis in 8 bits could have gained with it.</summary>
/// <param name="Dimension">The axis.</param>
/// <param name="Samples">How many ran together.</param>
/// <param name="Together">How many times less one of them took than one alone, in floats.</param>
/// <param name="Bytes">How many times as fast one alone is in 8 bits.</param>
internal sealed record LostBatching(string Dimension, int Samples, double Together, double Bytes);

/// <summary>What <see cref="FileGains.Measure"/> does.</summary>
internal delegate FileGains MeasureFiles(
    ModelUnderTest published, ModelProto floats, TargetFile target, string draft, InputCase inputs, string? axis, Action<string, double> progress, CancellationToken cancellationToken);

/// <summary>Times of the whole models, measured in turn, each in a process of its own.</summary>
/// <param name="Gain">Of 8 bits; null where it could not be measured.</param>
/// <param name="Batching">Of a batch in floats; null where there is no batch axis to lose, or it could not be measured.</param>
/// <param name="Failure">Why there are no numbers, or not all; null where there are.</param>
internal sealed record FileGains(Gain? Gain, LostBatching? Batching, string? Failure)
{
    private const int Together = 8;

    private const string Published = "published";
    private const string Cleaned = "cleaned";
    private const string Quantized = "quantised";
    private const string Batched = "together";

    /// <param name="published">The model.</param>
    /// <param name="floats">It made ready.</param>
    /// <param name="target">What is written; drafts lie beside it.</param>
    /// <param name="draft">The file in 8 bits.</param>
    /// <param name="inputs">Their sizes are taken.</param>
    /// <param name="axis">The batch axis that is lost; null: none is.</param>
    /// <param name="progress">Told what is being done, and how much of all is done.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static FileGains Measure(
        ModelUnderTest published, ModelProto floats, TargetFile target, string draft, InputCase inputs, string? axis, Action<string, double> progress, CancellationToken cancellationToken)
    {
        // A published file may be slow for reasons that have nothing to do with floats: the cleaned one counts where it is faster.
        string cleaned = target.Draft("floats");
        ModelMessage.Write(floats, cleaned);
        Dictionary<string, long> sizes = Sizes(published, inputs), one = [], many = [];
        if (axis != null && sizes.Remove(axis, out long size))
        {
            one.Add(axis, size);
            many.Add(axis, size * Together);
        }
        List<(string, string, IReadOnlyDictionary<string, long>)> models = [(Published, published.Path, one), (Cleaned, cleaned, one), (Quantized, draft, one)];
        if (many.Count > 0)
            models.Add((Batched, published.Path, many));
        FileTiming timing = FileTiming.Measure(models, inputs, new DimensionSample(sizes), progress, cancellationToken);
        Gain? best = timing.GainOf(Published, Quantized) is { } asPublished && timing.GainOf(Cleaned, Quantized) is { } asCleaned
            ? (asPublished.Before <= asCleaned.Before ? asPublished : asCleaned)
            : null;
        LostBatching? batching = best != null && many.Count > 0 && timing.GainOf(Published, Batched) is { } batch
            ? new LostBatching(axis!, Together, batch.Before * Together / batch.After, best.Ratio.Median)
            : null;
        return new FileGains(best, batching, timing.Failure);
    }

    private static Dictionary<string, long> Sizes(ModelUnderTest published, InputCase inputs)
    {
        Dictionary<string, long> sizes = new(StringComparer.Ordinal);
        foreach (ValueInfo input in published.Graph.Model.Graph.Inputs.Where(i => inputs.Values.ContainsKey(i.Name)))
        {
            if (input.Type is not OnnxType.Tensor { Shape: { } shape })
                continue;
            for (int axis = 0; axis < shape.Length; axis++)
            {
                if (shape[axis].Value is not >= 0)
                    sizes[OpenDimension.NameOf(input.Name, axis, shape[axis])] = inputs.Values[input.Name].Shape[axis];
            }
        }
        return sizes;
    }
}
