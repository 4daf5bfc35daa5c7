using System;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Batch;

/// <summary>One node, as the rules of the batch see it: the states of its inputs, and the shapes and numbers that are known.</summary>
internal sealed class BatchNode(Node node, long opset, string dimension, GraphFacts facts, Func<string, BatchState> states)
{
    public Node Node { get; } = node;

    public long Opset { get; } = opset;

    /// <summary>The dimension that is looked at.</summary>
    public Dim Batch { get; } = Dim.Named(dimension);

    public int InputCount => Node.Inputs.Length;

    public bool Has(int input) => input < Node.Inputs.Length && Node.Inputs[input].Length > 0;

    /// <summary>The state of an input; one that is left out is the same for all.</summary>
    public BatchState In(int input) => Has(input) ? states(Node.Inputs[input]) : BatchState.Independent;

    public Dim[]? Shape(int input) => Has(input) ? facts.Of(Node.Inputs[input]).Shape : null;

    public Dim[]? OutShape(int output) => facts.Of(Node.Outputs[output]).Shape;

    /// <summary>The elements of an input as numbers; null where they are not known.</summary>
    public long[]? Numbers(int input) => Has(input) ? Contents.Numbers(facts.Of(Node.Inputs[input]).Content) : null;

    public Dim[]? Content(int input) => Has(input) ? facts.Of(Node.Inputs[input]).Content : null;

    public long Int(string name, long otherwise) => Node.Int(name, otherwise);

    public long[]? Ints(string name) => Node.Ints(name);

    public string Text(string name, string otherwise) => Node.Text(name, otherwise);

    /// <summary>The axes that the attribute <c>axes</c> or the second input names; null where they are not given or not known.</summary>
    public long[]? Axes() => Ints("axes") ?? Numbers(1);

    /// <summary>Whether all inputs but the first <paramref name="count"/> are the same for all samples.</summary>
    public bool OthersAreIndependent(int count)
    {
        for (int i = count; i < InputCount; i++)
        {
            if (In(i).Kind != BatchKind.Independent)
                return false;
        }
        return true;
    }

    /// <summary>Whether an input says nothing of the samples: the same for all, or sizes.</summary>
    public bool IsShape(int input) => In(input).Kind is BatchKind.Independent or BatchKind.Sizes;

    /// <summary>
    /// Whether an input that is a shape says the size of the batch nowhere but at one place. Elsewhere the samples would get sizes
    /// that depend on how many they are, which the output's shape need not show: inference may find a dimension there that is not known.
    /// </summary>
    public bool SaysBatchOnlyAt(int place, int input)
    {
        if (In(input).Kind == BatchKind.Independent)
            return true;
        if (!IsShape(input) || Content(input) is not { } content)
            return false;
        for (int i = 0; i < content.Length; i++)
        {
            if (i != place && HasBatch(content[i]))
                return false;
        }
        return true;
    }

    /// <summary>Whether a dimension has the batch in it.</summary>
    public bool HasBatch(Dim dim) => dim.Has(dimension);

    public BatchState UsesSize() => Mixed("computes with the size of the batch");

    public BatchState Mixed(string why) => BatchState.Mixed(Title(Node) + " " + why);

    public BatchState MixesAlong(int axis) =>
        Mixed("mixes samples: axis " + axis.ToString(System.Globalization.CultureInfo.InvariantCulture) + " is the batch");

    public static string Title(Node node) =>
        node.Name.Length > 0 ? "'" + node.Name + "' (" + node.OpType + ")"
        : node.OpType + (node.Outputs.Length > 0 ? " of '" + node.Outputs[0] + "'" : "");
}
