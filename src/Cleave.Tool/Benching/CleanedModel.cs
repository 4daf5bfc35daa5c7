using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;

namespace Cleave.Tool.Benching;

/// <summary>The model as Cleave would slice it whole: initializers are no inputs, constants are initializers, what nobody reads is gone.</summary>
/// <param name="Path">The file; null where there is nothing to clean, or cleaning is refused.</param>
/// <param name="Note">What was cleaned, or why nothing was.</param>
internal sealed record CleanedModel(string? Path, string Note)
{
    /// <summary>Writes it into a folder.</summary>
    public static CleanedModel Write(string path, OnnxModel model, ByteSource source, string folder)
    {
        string[] inputs = [.. model.Graph.CallerInputs().Select(i => i.Name)];
        byte[] bytes;
        try
        {
            SegmentRequest whole = new("cleaned", null, inputs, [.. model.Graph.Outputs.Select(o => o.Name)]);
            bytes = new SubModelWriter(model, source, path).Write(whole, WeightMode.Copy).Bytes;
        }
        catch (ModelException e)
        {
            return new CleanedModel(null, e.Problem.Message(path));
        }
        OnnxModel cleaned = ModelReader.Read(ByteSource.FromBytes(bytes), CancellationToken.None);
        string[] changes = [.. Changes(model.Graph, cleaned.Graph)];
        if (changes.Length == 0)
            return new CleanedModel(null, "there is nothing to clean in it");
        string file = System.IO.Path.Combine(folder, "cleaned.onnx");
        File.WriteAllBytes(file, bytes);
        return new CleanedModel(file, string.Join(", ", changes));
    }

    private static IEnumerable<string> Changes(OnnxGraph published, OnnxGraph cleaned)
    {
        if (published.Inputs.Count > cleaned.Inputs.Count)
            yield return Count(published.Inputs.Count - cleaned.Inputs.Count, "initializer is no input any more", "initializers are no inputs any more");
        int constants = published.Nodes.Count(ConstantNode.IsConstant) - cleaned.Nodes.Count(ConstantNode.IsConstant);
        if (constants > 0)
            yield return Count(constants, "Constant node became an initializer or fell away", "Constant nodes became initializers or fell away");
        int nodes = published.Nodes.Count - cleaned.Nodes.Count - constants;
        if (nodes > 0)
            yield return Count(nodes, "node that nobody reads fell away", "nodes that nobody reads fell away");
        int added = cleaned.Initializers.Count - published.Initializers.Count - constants;
        if (added < 0 && constants == 0)
            yield return Count(-added, "initializer that nobody reads fell away", "initializers that nobody reads fell away");
    }

    private static string Count(int number, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many)}");
}
