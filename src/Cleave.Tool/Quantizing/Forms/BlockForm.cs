using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Rewriting;
using Google.Protobuf;

namespace Cleave.Tool.Quantizing.Forms;

/// <summary>
/// Matrix products as ONNX Runtime's <c>MatMulNBits</c> with 8 bits and accuracy level 4: weights have a scale for 128 of a column, and
/// each row of the input is rounded by itself in each request, so that rows stay apart and no data is needed.
/// </summary>
/// <param name="bits">Of a weight.</param>
/// <param name="file">Where packed weights are kept; null: in memory.</param>
internal sealed class BlockForm(int bits, WeightFile? file = null) : IQuantizedForm
{
    /// <summary>In the metadata of a file.</summary>
    public const string Word = "blocks";

    /// <summary>ONNX Runtime's own product.</summary>
    public const string Operator = "MatMulNBits";

    private const int Block = 128;
    // The byte that stands for 0 where none is given.
    private const int Zero = 128;
    // Inputs are rounded to bytes, too; at level 0 they are not, and a product is ten times slower than of floats.
    private const int AccuracyLevel = 4;

    // What was packed once is kept.
    private readonly Dictionary<(string Weight, int Channel), KeptWeights> _packed = [];

    public string Name => Word;

    public bool KeepsRowsApart => true;

    public string? WhyNot(QuantizableOperator candidate) => candidate.IsProduct ? null : "MatMulNBits is for products of matrices";

    public void Apply(ModelProto model, IReadOnlyCollection<QuantizableOperator> chosen)
    {
        ModelEdit edit = new(model);
        FreshNames names = new(edit);
        Dictionary<string, TensorProto> constants = edit.Graph.Initializer.ToDictionary(static t => t.Name, StringComparer.Ordinal);
        Dictionary<string, QuantizableOperator> byNode = chosen.ToDictionary(static c => c.Node, StringComparer.Ordinal);
        Dictionary<(string Weight, int Channel), (string Values, string Scales)> weights = [];
        NodeProto[] before = [.. edit.Graph.Node];
        edit.Graph.Node.Clear();
        foreach (NodeProto node in before)
        {
            if (byNode.TryGetValue(node.Name, out QuantizableOperator? found))
                Write(node, found);
            else
                edit.Graph.Node.Add(node);
        }
        OwnOperators.Import(model);
        edit.Changed();
        UnusedParts.RemoveInitializers(edit);

        void Write(NodeProto node, QuantizableOperator found)
        {
            if (!weights.TryGetValue((found.Weight, found.Channel), out (string Values, string Scales) packed))
                weights.Add((found.Weight, found.Channel), packed = Packed(edit, names, constants[found.Weight], found));
            string result = node.Output[0], product = found.Bias is null ? result : names.Next(result + "_product");
            NodeProto written = new() { OpType = Operator, Domain = OwnOperators.Domain, Name = node.Name, Input = { found.Input, packed.Values, packed.Scales }, Output = { product } };
            written.Attribute.Add([
                OwnOperators.Number("K", found.Dims[1 - found.Channel]), OwnOperators.Number("N", found.Dims[found.Channel]), OwnOperators.Number("bits", 8),
                OwnOperators.Number("block_size", Block), OwnOperators.Number("accuracy_level", AccuracyLevel)]);
            edit.Graph.Node.Add(written);
            if (found.Bias is { } bias)
                edit.Graph.Node.Add(new NodeProto { OpType = "Add", Name = names.Next(result + "_Add"), Input = { product, bias }, Output = { result } });
        }
    }

    private (string Values, string Scales) Packed(ModelEdit edit, FreshNames names, TensorProto weight, QuantizableOperator found)
    {
        if (!_packed.TryGetValue((found.Weight, found.Channel), out KeptWeights? kept))
            _packed.Add((found.Weight, found.Channel), kept = Pack(weight, found));
        (string Values, string Scales) made = (names.Next(weight.Name + "_blocks"), names.Next(weight.Name + "_scale"));
        long channels = found.Dims[found.Channel];
        edit.Graph.Initializer.Add(FloatTensors.Make(made.Values, [channels, kept.Values.Length / Block / channels, Block], ElementType.UInt8, kept.Values));
        edit.Graph.Initializer.Add(FloatTensors.Make(made.Scales, [kept.Scales.Length], kept.Scales));
        return made;
    }

    // By output channel: its blocks, the last one filled up with zeros.
    private KeptWeights Pack(TensorProto weight, QuantizableOperator found)
    {
        float[] values = FloatTensors.Read(weight);
        int channels = (int)found.Dims[found.Channel], depth = (int)found.Dims[1 - found.Channel], blocks = (depth + Block - 1) / Block;
        float largest = (1 << (bits - 1)) - 1;
        byte[] bytes = new byte[channels * blocks * Block];
        float[] scales = new float[channels * blocks];
        Array.Fill(bytes, (byte)Zero);
        for (int block = 0; block < scales.Length; block++)
        {
            int channel = block / blocks, first = block % blocks * Block, count = Math.Min(Block, depth - first);
            float top = 0;
            for (int i = first; i < first + count; i++)
                top = Math.Max(top, Math.Abs(At(channel, i)));
            // A block of zeros has any scale.
            scales[block] = top / largest is > 0 and float scale ? scale : 1;
            for (int i = 0; i < count; i++)
                bytes[(block * Block) + i] = (byte)(Zero + (int)Math.Clamp(MathF.Round(At(channel, first + i) / scales[block]), -largest, largest));
        }
        return new KeptWeights(file is null ? ByteString.CopyFrom(bytes) : file.Keep(bytes), scales);

        float At(int channel, int i) => found.Channel == 0 ? values[(channel * depth) + i] : values[(i * channels) + channel];
    }
}
