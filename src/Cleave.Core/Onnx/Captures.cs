using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Finds what a node reads, also through its bodies.</summary>
internal static class Captures
{
    /// <summary>The distinct values that a node reads: its inputs, then what its bodies take from the graphs around them.</summary>
    public static string[] ReadsOf(Node node)
    {
        // Most nodes by far have a few inputs, and these are all they read.
        if (node.Inputs.Length <= 4 && HasDistinctInputs(node.Inputs) && Array.TrueForAll(node.Attributes, static a => a.Graphs.Length == 0))
            return node.Inputs;
        List<string> reads = [];
        HashSet<string> seen = new(StringComparer.Ordinal) { "" };
        foreach (string input in node.Inputs)
        {
            if (seen.Add(input))
                reads.Add(input);
        }
        AddBodies(node, seen, reads);
        return [.. reads];
    }

    private static bool HasDistinctInputs(string[] inputs)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Length == 0 || Array.IndexOf(inputs, inputs[i], 0, i) >= 0)
                return false;
        }
        return true;
    }

    // Adds what the node's bodies read and do not define; what is in seen is known already.
    private static void AddBodies(Node node, HashSet<string> seen, List<string> reads)
    {
        foreach (NodeAttribute attribute in node.Attributes)
        {
            foreach (OnnxGraph body in attribute.Graphs)
                AddBody(body, seen, reads);
        }
    }

    private static void AddBody(OnnxGraph body, HashSet<string> seen, List<string> reads)
    {
        HashSet<string> defined = new(StringComparer.Ordinal);
        foreach (ValueInfo input in body.Inputs)
            defined.Add(input.Name);
        foreach (TensorInfo tensor in body.Initializers)
            defined.Add(tensor.Name);
        foreach (SparseTensorInfo tensor in body.SparseInitializers)
            defined.Add(tensor.Name);
        foreach (Node node in body.Nodes)
            defined.UnionWith(node.Outputs);
        foreach (Node node in body.Nodes)
        {
            foreach (string read in ReadsOf(node))
                Add(read);
        }
        foreach (ValueInfo output in body.Outputs)
            Add(output.Name);

        void Add(string name)
        {
            if (!defined.Contains(name) && seen.Add(name))
                reads.Add(name);
        }
    }
}
