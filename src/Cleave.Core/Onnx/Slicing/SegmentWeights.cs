using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Slicing;

/// <summary>
/// The bytes of the weights that a segment's session keeps. Where a recurrent node was taken apart into its directions (<see cref="Recurrent.RecurrentRewriter"/>),
/// ONNX Runtime computes the slices of its weights when it opens the session, and keeps those instead of the whole.
/// </summary>
internal static class SegmentWeights
{
    /// <param name="index">The model.</param>
    /// <param name="slice">The segment.</param>
    /// <param name="isWidened">Whether weights of 16 bits count twice.</param>
    public static long Bytes(GraphIndex index, SegmentSlice slice, bool isWidened)
    {
        Dictionary<string, long> rows = SlicedRows(index, slice);
        long sum = 0;
        foreach (TensorInfo tensor in slice.Initializers)
            sum += Kept(tensor.Name, tensor);
        foreach (SparseTensorInfo tensor in slice.SparseInitializers)
            sum += tensor.Values.ByteSize + tensor.Indices.ByteSize;
        foreach (Node constant in slice.Constants)
            TensorWalk.VisitAttributes(constant.Attributes, t => sum += Kept(constant.Outputs[0], t));
        return sum;

        long Kept(string name, TensorInfo tensor)
        {
            long bytes = isWidened && tensor.Element == ElementType.Float16 ? 2 * tensor.ByteSize : tensor.ByteSize;
            return rows.TryGetValue(name, out long count) && tensor.Dims.Length > 0 && tensor.Dims[0] > 0 ? bytes / tensor.Dims[0] * count : bytes;
        }
    }

    // By value that nothing but such slices reads: how many of its rows they take.
    private static Dictionary<string, long> SlicedRows(GraphIndex index, SegmentSlice slice)
    {
        Dictionary<string, long> rows = new(StringComparer.Ordinal);
        HashSet<string> whole = new(slice.Writes, StringComparer.Ordinal);
        foreach (int position in slice.Nodes)
        {
            Node node = index.Nodes[position];
            bool isMade = !node.Message.Exists && node.OpType == "Slice";
            if (isMade && Rows(index, node) is { } count)
                rows[node.Inputs[0]] = count + (rows.TryGetValue(node.Inputs[0], out long others) ? others : 0);
            else
                whole.UnionWith(index.Reads(position));
        }
        foreach (string name in whole)
            rows.Remove(name);
        return rows;
    }

    // Along axis 0, which the rewriting always cuts weights along.
    private static long? Rows(GraphIndex index, Node node) =>
        Constant(index, node.Inputs[1]) is { } start && Constant(index, node.Inputs[2]) is { } end && Constant(index, node.Inputs[3]) == 0 ? end - start : null;

    private static long? Constant(GraphIndex index, string name) =>
        index.Producer(name) is >= 0 and var producer && index.Nodes[producer].Constant?.Integers is { Length: 1 } values ? values[0] : null;
}
