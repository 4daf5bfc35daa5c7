using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;

namespace Cleave.Prepared;

/// <summary>The weights that stand in attributes as plain numbers and texts, which the hash of a graph leaves out: what classical models learned, and the numbers of <c>Constant</c> nodes.</summary>
internal static class AttributeWeights
{
    /// <summary>Adds all of them, in the order of the nodes. A text of more than 1024 bytes counts by its length.</summary>
    public static void Append(IncrementalHash hash, OnnxModel model)
    {
        foreach (ModelFunction function in model.Functions)
            Append(hash, function.Nodes);
        Append(hash, model.Graph.Nodes);
    }

    private static void Append(IncrementalHash hash, IReadOnlyList<Node> nodes)
    {
        foreach (Node node in nodes)
        {
            foreach (NodeAttribute attribute in node.Attributes)
            {
                if (ConstantNode.IsConstant(node) || LearnedAttributes.Has(node, attribute))
                    Append(hash, attribute);
                foreach (OnnxGraph body in attribute.Graphs)
                    Append(hash, body.Nodes);
            }
        }
    }

    private static void Append(IncrementalHash hash, NodeAttribute attribute)
    {
        if (attribute.Ints.Length + attribute.Floats.Length + attribute.Strings.Length == 0)
            return;
        hash.AppendData(MemoryMarshal.AsBytes<int>([attribute.Ints.Length, attribute.Floats.Length, attribute.Strings.Length]));
        hash.AppendData(MemoryMarshal.AsBytes(attribute.Ints.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(attribute.Floats.AsSpan()));
        foreach (AttributeText text in attribute.Strings)
        {
            hash.AppendData(MemoryMarshal.AsBytes<long>([text.ByteLength]));
            hash.AppendData(Encoding.UTF8.GetBytes(text.Text ?? ""));
        }
    }
}
