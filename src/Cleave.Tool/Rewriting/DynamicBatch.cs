using System.Globalization;
using System.Linq;
using Cleave.Core.Shapes;
using Cleave.Core.Shapes.Batch;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>
/// Frees the batch of a model whose first dimension is a fixed number: it gets a name, shapes that a Reshape holds as literals
/// follow, and it must then be proven that samples stay apart.
/// </summary>
internal sealed class DynamicBatch
{
    private readonly ModelEdit _edit;
    private readonly string _name;
    private readonly long _size;

    private DynamicBatch(ModelEdit edit, string name, long size)
    {
        _edit = edit;
        _name = name;
        _size = size;
    }

    /// <summary>What was changed: inputs, outputs and Reshapes; 0 where the model has the batch axis already.</summary>
    /// <exception cref="RewriteException">It cannot be proven.</exception>
    public static int Apply(ModelEdit edit, string name)
    {
        if (BatchAxis.Find(edit.Facts, edit.OutputNames).Holds)
            return 0;
        return new DynamicBatch(edit, name, FixedSize(edit, name)).Apply();
    }

    /// <summary>The number that the batch is fixed to.</summary>
    private static long FixedSize(ModelEdit edit, string name)
    {
        long? size = null;
        foreach (ValueInfoProto input in edit.Inputs())
        {
            if (input.Type?.TensorType?.Shape is not { Dim.Count: > 0 } shape)
                throw Refused($"the input '{input.Name}' has no dimensions, or none that are known");
            if (shape.Dim.Skip(1).Any(d => d.DimParam == name))
                throw Refused($"the input '{input.Name}' has another dimension called '{name}'; give another name, as in --dynamic-batch N");
            if (shape.Dim[0].ValueCase != TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue || shape.Dim[0].DimValue < 1)
            {
                throw Refused($"the first dimension of the input '{input.Name}' is {(shape.Dim[0].DimParam.Length > 0 ? $"'{shape.Dim[0].DimParam}'" : "open")} already, yet "
                    + BatchAxis.Find(edit.Facts, edit.OutputNames).Reason);
            }
            if ((size ??= shape.Dim[0].DimValue) != shape.Dim[0].DimValue)
                throw Refused(string.Create(CultureInfo.InvariantCulture, $"the first dimension of the input '{input.Name}' is {shape.Dim[0].DimValue}, that of another {size}"));
        }
        return size ?? throw Refused("the model has no inputs");
    }

    private int Apply()
    {
        int changes = 0;
        foreach (ValueInfoProto input in _edit.Inputs())
        {
            Name(input, 0);
            changes++;
        }
        // What is said of inner values was said of the fixed batch.
        ValueInfoProto[] said = [.. _edit.Graph.ValueInfo];
        TensorShapeProto?[] outputs = [.. _edit.Graph.Output.Select(o => o.Type?.TensorType?.Shape)];
        _edit.Graph.ValueInfo.Clear();
        foreach (ValueInfoProto output in _edit.Graph.Output.Where(o => o.Type?.TensorType != null))
            output.Type.TensorType.Shape = null;
        _edit.Changed();
        while (AdaptNext())
            changes++;
        BatchProof proof = BatchAxis.Find(_edit.Facts, _edit.OutputNames);
        if (!proof.Holds || proof.Dimension != _name)
            throw Refused(proof.Holds ? $"only '{proof.Dimension}' is a batch" : proof.Reason);
        for (int i = 0; i < outputs.Length; i++)
        {
            ValueInfoProto output = _edit.Graph.Output[i];
            if (output.Type?.TensorType is not { } type)
                continue;
            Dim[] shape = _edit.Facts.Of(output.Name).Shape!;
            type.Shape = outputs[i]?.Dim.Count == shape.Length ? outputs[i] : InferredType.Shape(shape);
            Name(output, proof.OutputAxes[output.Name]);
            changes++;
        }
        _edit.Graph.ValueInfo.AddRange(said.Where(IsStillTrue));
        _edit.Changed();
        return changes;
    }

    private void Name(ValueInfoProto value, int axis) => value.Type.TensorType.Shape.Dim[axis] =
        new TensorShapeProto.Types.Dimension { DimParam = _name, Denotation = value.Type.TensorType.Shape.Dim[axis].Denotation };

    private bool IsStillTrue(ValueInfoProto value) =>
        _edit.Facts.Of(value.Name).Shape is { } shape && value.Type?.TensorType?.Shape is { } said && said.Dim.Count == shape.Length
        && shape.Select((d, i) => d.Value is { } size && said.Dim[i].DimValue == size).All(same => same);

    // The first Reshape in whose literal shape the fixed batch stands in the way. One at a time: what follows it depends on it.
    private bool AdaptNext()
    {
        GraphFacts facts = _edit.Facts;
        foreach (int position in facts.Order)
        {
            NodeProto node = _edit.Graph.Node[position];
            if (node.OpType != "Reshape" || node.Domain is not ("" or "ai.onnx") || node.Input.Count < 2
                || facts.Of(node.Input[0]).Shape is not { } from
                || facts.Of(node.Input[1]).Content is not { } content || content.Any(d => d.Value is null))
                continue;
            BatchReshape reshape = new(from, _name, _size, node.Attribute.Any(a => a.Name == "allowzero" && a.I != 0));
            if (reshape.Adapted([.. content.Select(d => d.Value!.Value)]) is not { } adapted)
                continue;
            string name = new FreshNames(_edit).Next(node.Input[1] + "_" + _name);
            _edit.Graph.Initializer.Add(new TensorProto { Name = name, DataType = (int)Core.Graph.ElementType.Int64, Dims = { adapted.Length }, Int64Data = { adapted } });
            node.Input[1] = name;
            _edit.AllowPlainInitializers();
            _edit.Changed();
            return true;
        }
        return false;
    }

    private static RewriteException Refused(string why) =>
        new($"--dynamic-batch: it is not proven that samples can be given together: {why}. Nothing was written; without --dynamic-batch the model can be fixed with its batch as it is.");
}
