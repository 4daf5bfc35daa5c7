using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Prepared.Making;

/// <summary>What lies in the file of weights that ONNX Runtime wrote: a tensor, and what follows up to the next one, which is its packed copy or padding.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Packed">What follows; may be empty.</param>
internal sealed record PreparedRegion(ByteRange Tensor, ByteRange Packed)
{
    /// <summary>All of a file, by rising offset.</summary>
    /// <param name="graph">The graph that refers to it.</param>
    /// <param name="length">The file's length.</param>
    public static IReadOnlyList<PreparedRegion> Of(OnnxModel graph, long length)
    {
        SortedDictionary<long, long> tensors = [];
        TensorWalk.Visit(graph, tensor =>
        {
            if (tensor.External is { } external)
                tensors[external.Offset] = external.Length ?? tensor.ByteSize;
        });
        List<PreparedRegion> regions = [];
        long[] offsets = [.. tensors.Keys];
        for (int i = 0; i < offsets.Length; i++)
        {
            ByteRange tensor = new(offsets[i], tensors[offsets[i]]);
            long next = i + 1 < offsets.Length ? offsets[i + 1] : length;
            regions.Add(new PreparedRegion(tensor, new ByteRange(tensor.End, Math.Max(0, next - tensor.End))));
        }
        return regions;
    }

    /// <summary>The ranges that have bytes.</summary>
    public static IReadOnlyList<ByteRange> Ranges(IEnumerable<PreparedRegion> regions) =>
        [.. regions.SelectMany(static r => new[] { r.Tensor, r.Packed }).Where(static r => r.Length > 0)];
}
