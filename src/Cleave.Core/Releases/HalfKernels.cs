using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Releases;

/// <summary>
/// For which operators ONNX Runtime's CPU kernels take floats of 16 bits. It computes the others in 32, between casts that it makes anew in each call, after its fusions, which then do
/// not find all that they look for.
/// </summary>
internal static class HalfKernels
{
    /// <summary>Processors without kernels for more than moving: x64, whatever instructions it has.</summary>
    public const string X64 = "x64";

    // What moves elements or says something of shapes, and does not compute. A test compares it with the graphs that ONNX Runtime makes.
    private static readonly HashSet<string> Moving = new(
        [
            "Cast", "Concat", "Constant", "ConstantOfShape", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Identity", "Reshape", "ScatterElements", "ScatterND",
            "Shape", "Size", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze",
        ], StringComparer.Ordinal);

    /// <summary>Those of a model's operators that have no such kernel, as far as that is known of the processor; none where it is not known to lack any.</summary>
    /// <param name="processor">The architecture, as .NET names it in small letters.</param>
    /// <param name="operators">Domain and type.</param>
    public static IReadOnlyList<string> Missing(string processor, IEnumerable<(string Domain, string Type)> operators) => processor != X64
        ? []
        : [.. operators.Where(static o => o.Domain.Length > 0 || !Moving.Contains(o.Type)).Select(static o => o.Type).Distinct(StringComparer.Ordinal).OrderBy(static o => o, StringComparer.Ordinal)];

    /// <summary>Those that have one on any processor.</summary>
    public static IEnumerable<string> Everywhere => Moving;
}
