using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Passes.Partitions;
using Cleave.Core.Schedule;
using Cleave.OnnxProto;
using Cleave.Tool.Running;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Verification;

/// <summary>
/// The whole model in one session, with the values at which a partition cuts rounded to the 16 bits that they are declared to have.
/// ONNX Runtime computes floats of 16 bits in 32 where it has no kernel, and does not round between two such operators, but at a cut:
/// this is what a split of such a model must equal.
/// </summary>
internal static class RoundedWhole
{
    // Follows a value's name; ONNX names have no such sign.
    private const string Suffix = "=rounded";

    /// <summary>What it gives on the inputs of some cases.</summary>
    /// <exception cref="RefusedException">The file is too large to be held in memory, or ONNX Runtime refuses it with those roundings.</exception>
    public static ReferenceCase[] Of(ModelUnderTest model, Partition partition, int threads, IReadOnlyList<ReferenceCase> cases)
    {
        byte[] changed = Write(model, partition);
        try
        {
            Dictionary<string, TensorCopy>[] optimised = Run(GraphOptimizationLevel.ORT_ENABLE_ALL), plain = Run(GraphOptimizationLevel.ORT_DISABLE_ALL);
            return [.. cases.Select((c, i) => c with { Optimised = optimised[i], Unoptimised = plain[i], Own = References.OwnDifferences(plain[i], optimised[i]) })];
        }
        catch (SegmentException e)
        {
            throw new RefusedException($"ONNX Runtime does not run the model with its cut values rounded to 16 bits, to compare with: {e.Message}");
        }

        Dictionary<string, TensorCopy>[] Run(GraphOptimizationLevel level)
        {
            using SessionChain chain = SessionChain.OfBytes(model, changed, new SessionRequest(level, threads));
            return [.. cases.Select(c => chain.Run(c.Inputs.Values, model.Graph.Outputs))];
        }
    }

    // An Identity, which ONNX Runtime computes in 16 bits, and does not remove where it lies between two outputs. Only other segments
    // than the one that makes a value read what is behind it.
    private static byte[] Write(ModelUnderTest model, Partition partition)
    {
        ModelProto file = model.Read();
        Dictionary<string, string> rounded = partition.CutValues().Select(c => c.Value)
            .Where(v => ModelUnderTest.IsShortFloat(model.Graph.Facts.Of(v).Element)).ToDictionary(v => v, v => v + Suffix, StringComparer.Ordinal);
        foreach (PlanSegment segment in partition.Segments)
        {
            HashSet<string> read = [.. segment.Reads.Where(rounded.ContainsKey)];
            foreach (int node in segment.Nodes)
                Replace(file.Graph.Node[node], read, rounded);
        }
        // Behind its maker, so that the nodes stay in order.
        NodeProto[] nodes = [.. file.Graph.Node];
        file.Graph.Node.Clear();
        foreach (NodeProto node in nodes)
        {
            file.Graph.Node.Add(node);
            file.Graph.Node.Add(node.Output.Where(rounded.ContainsKey).Select(v => new NodeProto { OpType = "Identity", Input = { v }, Output = { rounded[v] } }));
        }
        // ONNX Runtime finds the types itself.
        HashSet<string> outputs = [.. file.Graph.Output.Select(o => o.Name)];
        foreach (string output in model.Graph.Outputs.Concat(rounded.Keys).Concat(rounded.Values).Where(outputs.Add))
            file.Graph.Output.Add(new ValueInfoProto { Name = output });
        return file.ToByteArray();
    }

    private static void Replace(NodeProto node, HashSet<string> values, Dictionary<string, string> by)
    {
        for (int i = 0; i < node.Input.Count; i++)
        {
            if (values.Contains(node.Input[i]))
                node.Input[i] = by[node.Input[i]];
        }
        foreach (NodeProto inner in node.Attribute.Where(a => a.G != null).SelectMany(a => a.G.Node))
            Replace(inner, values, by);
    }
}
