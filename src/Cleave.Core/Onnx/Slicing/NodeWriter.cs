using System;
using System.Text;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Slicing;

/// <summary>Writes nodes that stand in no file: those that a rewriting makes.</summary>
internal static class NodeWriter
{
    private static readonly byte[] Nothing = [];

    /// <summary>Whether an attribute can be written from what is kept of it.</summary>
    public static bool CanWrite(NodeAttribute attribute) => attribute.Reference is null && attribute.Kind switch
    {
        AttributeKind.Int or AttributeKind.Ints or AttributeKind.Float or AttributeKind.Floats => true,
        AttributeKind.String or AttributeKind.Strings => Array.TrueForAll(attribute.Strings, s => s.Text != null),
        _ => false,
    };

    /// <summary>The fields of a NodeProto.</summary>
    public static void Write(MessageBuilder message, Node node)
    {
        // An empty name is an optional value left out, so it must stand there.
        foreach (string input in node.Inputs)
            message.Bytes(Tags.Node.Input, input.Length == 0 ? Nothing : Encoding.UTF8.GetBytes(input));
        foreach (string output in node.Outputs)
            message.Bytes(Tags.Node.Output, output.Length == 0 ? Nothing : Encoding.UTF8.GetBytes(output));
        message.Text(Tags.Node.Name, node.Name);
        message.Text(Tags.Node.OpType, node.OpType);
        message.Text(Tags.Node.Domain, node.Domain);
        MessageBuilder one = new();
        foreach (NodeAttribute attribute in node.Attributes)
        {
            one.Clear();
            Write(one, attribute);
            message.Message(Tags.Node.Attribute, one);
        }
    }

    private static void Write(MessageBuilder message, NodeAttribute attribute)
    {
        message.Text(Tags.Attribute.Name, attribute.Name);
        message.Number(Tags.Attribute.Kind, (int)attribute.Kind);
        switch (attribute.Kind)
        {
            case AttributeKind.Int:
                message.Number(Tags.Attribute.Int, attribute.Ints[0]);
                break;
            case AttributeKind.Ints:
                foreach (long value in attribute.Ints)
                    message.Number(Tags.Attribute.IntsOne, value);
                break;
            case AttributeKind.Float:
                message.Single(Tags.Attribute.Float, attribute.Floats[0]);
                break;
            case AttributeKind.Floats:
                foreach (float value in attribute.Floats)
                    message.Single(Tags.Attribute.FloatsOne, value);
                break;
            case AttributeKind.String:
                message.Bytes(Tags.Attribute.String, Encoding.UTF8.GetBytes(attribute.Strings[0].Text!));
                break;
            case AttributeKind.Strings:
                foreach (AttributeText text in attribute.Strings)
                    message.Bytes(Tags.Attribute.Strings, Encoding.UTF8.GetBytes(text.Text!));
                break;
            default:
                throw new InvalidOperationException("no attribute that is kept: " + attribute.Name);
        }
    }
}
