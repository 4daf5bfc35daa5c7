using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Cost;

/// <summary>
/// The work of groups that run in one session: each as its fused operator, and the reorderings where values go into ONNX Runtime's
/// blocked layout and out of it. A value is reordered once, however many read it.
/// </summary>
internal sealed class SegmentWork
{
    // Fewer cannot be reordered (MlasReorderInput).
    private const long Alignment = 4;

    private readonly SizedGraph _graph;
    private readonly int _block;
    private readonly HashSet<string> _plain = new(StringComparer.Ordinal);
    private readonly HashSet<string> _blocked = new(StringComparer.Ordinal);
    private List<Work> _works = [];

    private SegmentWork(SizedGraph graph, int block)
    {
        _graph = graph;
        _block = block;
    }

    /// <summary>By group, in the order given: its kernels, with the reorderings of what it reads.</summary>
    /// <param name="graph">The graph at dimensions.</param>
    /// <param name="block">Channels of a block; 1 where there is no such layout.</param>
    /// <param name="groups">Positions of the groups, each after those it depends on.</param>
    /// <param name="writes">What the session gives; reordered with the last group.</param>
    public static IReadOnlyList<Work>[] Of(SizedGraph graph, int block, IReadOnlyList<int> groups, IEnumerable<string> writes)
    {
        SegmentWork segment = new(graph, block);
        IReadOnlyList<Work>[] works = new IReadOnlyList<Work>[groups.Count];
        for (int i = 0; i < works.Length; i++)
        {
            segment._works = [];
            segment.Add(graph.Group(groups[i]));
            if (i == works.Length - 1)
            {
                foreach (string value in writes)
                    segment.ReadPlain(value);
            }
            works[i] = segment._works;
        }
        return works;
    }

    private void Add(GroupShape group)
    {
        if (group.Group.Kind.StartsWith("Conv", StringComparison.Ordinal) || (group.Nodes.Length == 1 && group.Principal!.OpType == "Conv"))
        {
            AddConvolution(group, group.Find("Conv"));
        }
        else if (group.Principal is { } node && group.Group.Kind != "Quantized" && KeepsBlocks(group, node))
        {
            foreach (string read in group.Reads)
                ReadBlocked(read);
            AddBlocked(group, node);
            _blocked.UnionWith(group.Writes);
        }
        else
        {
            foreach (string read in group.Reads)
                ReadPlain(read);
            _works.AddRange(group.PlainWorks);
            foreach (string value in group.Writes)
                _plain.Add(value);
        }
    }

    private void AddConvolution(GroupShape group, Node? convolution)
    {
        if (convolution is null)
            return;
        NodeSizes sizes = _graph.Sizes(convolution);
        bool blocked = IsBlocked(sizes);
        bool onImage = blocked && sizes.Input(1)![1] < _block && sizes.Integer("group", 1) == 1;
        foreach (string read in group.Reads)
        {
            if (blocked && !(onImage && read == convolution.Inputs[0]))
                ReadBlocked(read);
            else
                ReadPlain(read);
        }
        _works.AddRange(ConvolutionWork.Convolution(sizes, 1, blocked ? _block : 1) ?? NodeWork.Of(sizes));
        // Out of blocks the sum is a node of its own.
        double sum = group.Group.Kind.StartsWith("ConvAdd", StringComparison.Ordinal) ? NodeSizes.Count((blocked ? sizes.InBlocks(_block) : sizes).Output(0)) : 0;
        if (sum > 0)
            _works.Add(blocked ? ConvolutionWork.Sum(sum) : new Work("binary", [sum, sum]));
        (blocked ? _blocked : _plain).UnionWith(group.Writes);
    }

    // What NchwcTransformer takes into its layout beside convolutions.
    private bool KeepsBlocks(GroupShape group, Node node)
    {
        if (_block == 1 || group.Reads.Length == 0 || group.Nodes.Length > 2)
            return false;
        bool all = AreBlocked(group.Reads);
        if (!all && !node.OpType.EndsWith("Pool", StringComparison.Ordinal))
            return false;
        NodeSizes sizes = _graph.Sizes(node);
        return node.OpType switch
        {
            "MaxPool" or "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool" =>
                sizes.Input(0) is { Length: 4 } shape && (all || shape[1] % _block == 0),
            "Relu" or "LeakyRelu" or "Sigmoid" or "Tanh" or "Clip" or "HardSigmoid" or "HardSwish" or "BatchNormalization" => all,
            "Resize" or "Upsample" => all && sizes.Text("mode") is "" or "nearest" or "linear",
            "Add" or "Sum" or "Mul" => all && (group.Reads.Length > 1 ? SameShapes(group.Reads) : node.OpType == "Mul"),
            "Concat" => all && sizes.Integer("axis", 0) == 1 && group.Reads.All(r => _graph.Shape(r) is { Length: 4 } shape && shape[1] % _block == 0),
            _ => false,
        };
    }

    private bool AreBlocked(string[] values)
    {
        foreach (string value in values)
        {
            if (!_blocked.Contains(value))
                return false;
        }
        return true;
    }

    private void AddBlocked(GroupShape group, Node node)
    {
        NodeSizes sizes = _graph.Sizes(node).InBlocks(_block);
        // A scale for each channel becomes a depthwise convolution of one element.
        if (node.OpType == "BatchNormalization" || (node.OpType == "Mul" && group.Reads.Length == 1))
        {
            if (sizes.Output(0) is { Length: 4 } shape)
                _works.Add(new Work("conv-depthwise", [Math.Max(1, shape[1]), Math.Max(1, shape[0] * shape[2] * shape[3]), 1, 1]));
            return;
        }
        foreach (Work work in NodeWork.Of(sizes))
            _works.Add(work.Kernel == "pool-plain" ? work with { Kernel = "pool" } : work);
    }

    private bool SameShapes(string[] values) =>
        values.All(v => _graph.Shape(v) is { } shape && _graph.Shape(values[0]) is { } first && shape.SequenceEqual(first));

    private bool IsBlocked(NodeSizes node)
    {
        if (_block == 1 || !node.IsConstant(1) || node.InputElement(0) != ElementType.Float || node.Input(1) is not { Length: 4 } weights)
            return false;
        long outputs = weights[0], inputs = weights[1], groups = node.Integer("group", 1);
        if (groups == 1)
            return inputs < _block || inputs % Alignment == 0;
        return outputs % Alignment == 0
            && ((inputs == 1 && outputs == groups) || (inputs % _block == 0 && outputs % groups == 0 && outputs / groups % _block == 0));
    }

    private void ReadBlocked(string value)
    {
        if (_blocked.Add(value))
            Reorder(value, "reorder-in");
    }

    private void ReadPlain(string value)
    {
        if (_blocked.Contains(value) && _plain.Add(value))
            Reorder(value, "reorder-out");
    }

    private void Reorder(string value, string kernel)
    {
        if (_graph.Shape(value) is { Length: > 2 } shape)
            _works.Add(new Work(kernel, [Math.Max(1, NodeSizes.RoundUp(shape[1], _block)), Math.Max(1, NodeSizes.Count(shape) / Math.Max(1, shape[1]))]));
    }
}
