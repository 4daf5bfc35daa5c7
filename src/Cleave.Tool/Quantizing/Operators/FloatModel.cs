using System.Linq;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;

namespace Cleave.Tool.Quantizing.Operators;

/// <summary>A model made ready: its weights stand in its messages, constants are initializers, and norms are part of the convolutions before them.</summary>
internal static class FloatModel
{
    // ONNX Runtime reads no message of more.
    private const long MostBytes = int.MaxValue;

    /// <summary>Before weights are read: whether all of them fit into one message.</summary>
    /// <exception cref="RewriteException">They do not.</exception>
    public static void RequireOneMessage(ModelUnderTest published)
    {
        if (published.Graph.Model.Graph.Initializers.Sum(static t => t.ByteSize) > MostBytes)
            throw new RewriteException("Model and weights together have over 2 GB: choices are tried with a model in one message, which holds no more. Divide the model, or leave it in floats.");
    }

    /// <param name="published">The model.</param>
    /// <param name="weights">Takes its large weights; null: they stay in memory.</param>
    /// <exception cref="RewriteException">It cannot be made ready; why.</exception>
    public static ModelProto Read(ModelUnderTest published, WeightFile? weights = null)
    {
        RequireOneMessage(published);
        ModelProto model = ModelMessage.Read(published.Path);
        new ExternalWeights(published.Folder).TakeIn(model);
        FloatTensors.Gather(model);
        ModelEdit edit = new(model);
        InputInitializers.Apply(edit);
        edit.Changed();
        ConstantNodes.Apply(edit);
        edit.Changed();
        PassThroughNodes.Apply(edit);
        edit.Changed();
        FoldedNorms.Apply(edit);
        OpsetUpgrade.Apply(edit);
        OperatorFinder.NameNodes(edit);
        if (weights != null)
        {
            weights.Take(model);
            LeftArrays.Collect();
        }
        return model;
    }
}
