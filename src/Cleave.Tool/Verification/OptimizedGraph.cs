using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Verification;

/// <summary>An operator that ONNX Runtime left in a graph, or made.</summary>
/// <param name="Operator">Its type, one name for all that compute the same in another layout.</param>
/// <param name="Output">Its first output.</param>
/// <param name="Name">Its name.</param>
internal sealed record OptimizedNode(string Operator, string Output, string Name);

/// <summary>What ONNX Runtime makes of a model, as it writes it.</summary>
internal static class OptimizedGraph
{
    // What appears, moves and vanishes at borders and costs nothing there, or next to nothing.
    private static readonly HashSet<string> Ignored = ["Transpose", "Identity", "Cast", "ReorderInput", "ReorderOutput", "Constant"];

    /// <summary>The operators of a graph that was written, those in bodies included.</summary>
    /// <param name="file">The optimised model.</param>
    /// <param name="level">At which it was made.</param>
    /// <param name="constants">Values of the model that no input decides: each segment has those it reads, so they are not counted.</param>
    public static IReadOnlyList<OptimizedNode> Read(string file, GraphOptimizationLevel level, IReadOnlySet<string> constants)
    {
        using ByteSource source = ByteSource.OpenFile(file);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        List<OptimizedNode> nodes = [];
        Add(model.Graph);
        return nodes;

        // Whether a norm takes the sum before it along depends on what is known of shapes, which at a cut may be more: so it counts as both.
        void AddSkip(Node node, string output)
        {
            nodes.Add(new OptimizedNode("LayerNormalization", output, node.Name));
            // With a bias there are two sums.
            int sums = node.Inputs.Length > 4 && node.Inputs[4].Length > 0 ? 2 : 1;
            for (int i = 0; i < sums; i++)
                nodes.Add(new OptimizedNode("Add", output, node.Name));
        }

        void Add(OnnxGraph graph)
        {
            foreach (Node node in graph.Nodes)
            {
                string output = node.Outputs.FirstOrDefault(o => o.Length > 0) ?? "";
                if (node.OpType == "SkipLayerNormalization")
                    AddSkip(node, output);
                else if (!Ignored.Contains(node.OpType) && !constants.Contains(output))
                    nodes.Add(new OptimizedNode(NameOf(node.OpType, level), output, node.Name));
                foreach (OnnxGraph body in node.Attributes.SelectMany(a => a.Graphs))
                    Add(body);
            }
        }
    }

    // In the blocked layout a convolution takes sum and activation along without another name: what was not taken stands alone.
    private static string NameOf(string opType, GraphOptimizationLevel level) =>
        level == GraphOptimizationLevel.ORT_ENABLE_ALL && opType == "FusedConv" ? "Conv" : opType;
}
