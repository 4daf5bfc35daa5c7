using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Verification;

/// <summary>An operator that ONNX Runtime left in a graph, or made.</summary>
/// <param name="Operator">Its type, one name for all that compute the same in another layout.</param>
/// <param name="Output">Its first output, as the model calls it where it is one of the model's.</param>
/// <param name="Name">Its name.</param>
internal sealed record OptimizedNode(string Operator, string Output, string Name);

/// <summary>What ONNX Runtime makes of a model, or of a segment of it, as it writes it.</summary>
internal sealed class OptimizedGraph
{
    // NchwcTransformer names what it makes after the value that it replaces.
    private const string Blocked = "_nchwc";
    private const string BlockedNormalization = "_bn" + Blocked;
    private const string BlockedFactor = "_mul" + Blocked;

    // What appears, moves and vanishes at borders and costs nothing there, or next to nothing.
    private static readonly HashSet<string> Ignored = ["Transpose", "Identity", "Cast", "ReorderInput", "ReorderOutput", "Constant"];

    private readonly PlanGraph _graph;
    // What no input decides: each segment has those it reads, so they are not counted.
    private readonly HashSet<string> _constants;
    private readonly Dictionary<string, string> _outputOf;

    public OptimizedGraph(PlanGraph graph)
    {
        _graph = graph;
        _constants = [.. graph.Nodes.Where((_, i) => graph.GroupOf[i] < 0).SelectMany(n => n.Outputs)];
        _outputOf = graph.Nodes.Where(n => n.Name.Length > 0 && n.Outputs.Length > 0).GroupBy(n => n.Name, StringComparer.Ordinal)
            .Where(g => g.Count() == 1).ToDictionary(g => g.Key, g => g.First().Outputs[0], StringComparer.Ordinal);
    }

    /// <summary>The operators of a graph that was written, those in bodies included.</summary>
    /// <param name="file">The optimised model.</param>
    /// <param name="level">At which it was made.</param>
    public IReadOnlyList<OptimizedNode> Read(string file, GraphOptimizationLevel level)
    {
        OnnxModel model = ModelReader.ReadFile(file);
        List<OptimizedNode> nodes = [];
        Add(model.Graph);
        return nodes;

        void Add(OnnxGraph graph)
        {
            foreach (Node node in graph.Nodes)
            {
                string output = OutputOf(node);
                if (node.OpType == "SkipLayerNormalization")
                    AddSkip(nodes, node, output);
                else if (!Ignored.Contains(node.OpType) && !_constants.Contains(output))
                    nodes.Add(new OptimizedNode(NameOf(node, level), output, node.Name));
                foreach (OnnxGraph body in node.Attributes.SelectMany(a => a.Graphs))
                    Add(body);
            }
        }
    }

    // Whether a norm takes the sum before it along depends on what is known of shapes, which at a cut may be more: so it counts as both.
    private static void AddSkip(List<OptimizedNode> nodes, Node node, string output)
    {
        nodes.Add(new OptimizedNode("LayerNormalization", output, node.Name));
        // With a bias there are two sums.
        int sums = node.Inputs.Length > 4 && node.Inputs[4].Length > 0 ? 2 : 1;
        for (int i = 0; i < sums; i++)
            nodes.Add(new OptimizedNode("Add", output, node.Name));
    }

    // In blocks, values have names that say nothing; the nodes keep theirs, or are called after the value.
    private string OutputOf(Node node)
    {
        string output = node.Outputs.FirstOrDefault(o => o.Length > 0) ?? "";
        if (_graph.Index.Producer(output) >= 0)
            return output;
        if (node.Name.EndsWith(Blocked, StringComparison.Ordinal))
            return node.Name[..^Blocked.Length];
        return _outputOf.GetValueOrDefault(node.Name, output);
    }

    // In blocks a convolution takes sum and activation along without another name: what was not taken stands alone. What becomes a
    // convolution of one element there is fused with nothing.
    private static string NameOf(Node node, GraphOptimizationLevel level) => (level, node.OpType) switch
    {
        (GraphOptimizationLevel.ORT_ENABLE_ALL, "FusedConv") => "Conv",
        (_, "Conv") when node.Name.EndsWith(BlockedNormalization, StringComparison.Ordinal) => "BatchNormalization",
        (_, "Conv") when node.Name.EndsWith(BlockedFactor, StringComparison.Ordinal) => "Mul",
        (_, var opType) => opType,
    };
}
