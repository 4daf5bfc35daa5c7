using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Passes;

namespace Cleave.Core.Clustering;

/// <summary>The numbers that planning takes for dimensions which a model leaves open.</summary>
internal static class PlanDimensions
{
    /// <summary>
    /// What a dimension is taken as that is not given, but 1 where it looks like the batch: it is called so, or it is a first axis
    /// and none is called so.
    /// </summary>
    public const long Default = 128;

    private static readonly char[] Commas = [','];

    /// <summary><c>batch=1,sequence=16</c>, by name; the name ends at the last equals sign.</summary>
    /// <exception cref="FormatException">It is something else; the message says what to do.</exception>
    public static IReadOnlyDictionary<string, long> Parse(string text)
    {
        Dictionary<string, long> sizes = new(StringComparer.Ordinal);
        foreach (string part in text.Split(Commas, StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.LastIndexOf('=');
            if (equals < 1 || !long.TryParse(part.Substring(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long size) || size > int.MaxValue)
                throw new FormatException("give a name and a size, as in batch=1,sequence=16, instead of '" + part + "'");
            string name = part.Substring(0, equals).Trim();
            if (sizes.ContainsKey(name))
                throw new FormatException("'" + name + "' is given twice");
            sizes.Add(name, size);
        }
        return sizes;
    }

    /// <summary>By name, in the inputs' order: what is given, or else the default.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="given">By name.</param>
    /// <exception cref="FormatException">What is given names no dimension of an input; the message lists those there are.</exception>
    public static IReadOnlyDictionary<string, long> Of(PlanGraph graph, IReadOnlyDictionary<string, long> given)
    {
        List<(string Name, int Axis)> open = [.. Open(graph)];
        bool hasBatch = open.Any(d => IsCalledBatch(d.Name));
        Dictionary<string, long> sizes = new(StringComparer.Ordinal);
        foreach ((string name, int axis) in open)
        {
            if (!sizes.ContainsKey(name))
                sizes.Add(name, given.TryGetValue(name, out long size) ? size : IsCalledBatch(name) || (axis == 0 && !hasBatch) ? 1 : Default);
        }
        if (given.Keys.FirstOrDefault(name => !sizes.ContainsKey(name)) is { } wrong)
        {
            throw new FormatException("no dimension is called '" + wrong + "'; "
                + (sizes.Count == 0 ? "the model has none with a name" : "there are " + string.Join(", ", sizes.Keys)));
        }
        return sizes;
    }

    /// <summary>Inputs with an axis that has neither a number nor a name: no shape that depends on it is known to planning.</summary>
    public static IEnumerable<string> Nameless(PlanGraph graph) => graph.Model.Graph.Inputs
        .Where(i => graph.Index.IsInput(i.Name) && i.Type is OnnxType.Tensor { Shape: { } shape } && shape.Any(d => d.Value is not >= 0 && d.Name is not { Length: > 0 }))
        .Select(i => i.Name);

    private static IEnumerable<(string Name, int Axis)> Open(PlanGraph graph)
    {
        foreach (ValueInfo input in graph.Model.Graph.Inputs)
        {
            if (!graph.Index.IsInput(input.Name) || input.Type is not OnnxType.Tensor { Shape: { } shape })
                continue;
            for (int axis = 0; axis < shape.Length; axis++)
            {
                if (shape[axis] is { Value: not >= 0, Name: { Length: > 0 } name })
                    yield return (name, axis);
            }
        }
    }

    private static bool IsCalledBatch(string name) =>
        name.IndexOf("batch", StringComparison.OrdinalIgnoreCase) >= 0 || string.Equals(name, "n", StringComparison.OrdinalIgnoreCase);
}
