using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Onnx.Widening;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Tool.Tests.Verification;

/// <summary>A recurrent node of 16-bit floats that is taken apart into chunks of its steps and computed in 32 bits gives what its weights give in 32 bits whole.</summary>
public sealed class WidenedChunkTests : IDisposable
{
    private const int Steps = 16;
    private const int Units = 8;
    private const int Size = 6;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("LSTM", 4)]
    [InlineData("GRU", 3)]
    [InlineData("RNN", 1)]
    public void Chunks_in_32_bits_give_what_the_whole_gives(string cell, int gates)
    {
        ModelProto full = Model(cell, gates);
        using ModelUnderTest expected = new(Save("full.onnx", full)), published = new(Save("half.onnx", Halved(full)));
        // Whichever way it is taken apart: chunks of one length, and of several.
        foreach (int parts in new[] { 4, 5 })
        {
            ModelUnderTest apart = published.TakenApart([new RecurrentSplit(0, Steps, parts)]);
            HalfFloats halves = HalfFloats.Of(apart.Graph.Model)!;
            Assert.Null(halves.WhyNotAtAll);
            Assert.Equal(parts, apart.Graph.Model.Graph.Nodes.Count(n => n.OpType == cell));
            float[] whole = Run(SessionChain.OfFile(expected, How), expected, half: false);

            Assert.Equal(whole, Run(SessionChain.Of(apart, [PartitionBuilder.WholeRequest(apart.Graph, "Whole")], How, halves), apart, half: true), Close);
            // Each node in a segment of its own: between chunks the state has 32 bits.
            Partition each = PartitionBuilder.Build(apart.Graph, [.. apart.Graph.GroupOf.Select(static (g, i) => g < 0 ? -1 : i)]);
            SegmentRequest[] segments = [.. each.Segments.Select((s, i) => PartitionBuilder.Request(apart.Graph, s, FormattableString.Invariant($"segment {i}")))];
            Assert.True(segments.Length >= parts);
            Assert.Equal(whole, Run(SessionChain.Of(apart, segments, How, halves), apart, half: true), Close);
        }
    }

    private static SessionRequest How => new(GraphOptimizationLevel.ORT_ENABLE_ALL, 1);

    // Outputs are rounded to 16 bits, and nothing before them.
    private static bool Close(float one, float other) => Math.Abs(one - other) <= Math.Max(Math.Abs(one), 1e-3f) / 1024;

    private static float[] Run(SessionChain chain, ModelUnderTest model, bool half)
    {
        using (chain)
        {
            Half[] values = [.. Enumerable.Range(0, Steps * Size).Select(static i => (Half)(((i * 7 % 13) - 6) / 8f))];
            byte[] bytes = half ? System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray()
                : System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.Select(static v => (float)v).ToArray().AsSpan()).ToArray();
            TensorCopy x = new(half ? ElementType.Float16 : ElementType.Float, [Steps, 1, Size], bytes);
            return [.. OutputDifference.Numbers(chain.Run(new Dictionary<string, TensorCopy> { ["x"] = x }, model.Graph.Outputs)["y"])!.Select(static v => (float)v)];
        }
    }

    private string Save(string name, ModelProto model)
    {
        string path = Path.Combine(_folder.Path, name);
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    // Weights that 16 bits hold exactly.
    private static ModelProto Model(string cell, int gates)
    {
        SeededRandom random = new(7);
        TensorProto Weights(string name, params long[] dims) => FloatTensors.Make(
            name, dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, static (a, b) => a * b)).Select(_ => (float)(Half)(random.Fraction() - 0.5))]);
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "recurrent" } };
        model.Graph.Input.Add(Tests.TinyModel.Value("x", Tests.TinyModel.Float, Steps, 1, Size));
        model.Graph.Output.Add(Tests.TinyModel.Value("y", Tests.TinyModel.Float, Steps, 1, 1, Units));
        model.Graph.Initializer.Add([Weights("w", 1, gates * Units, Size), Weights("r", 1, gates * Units, Units), Weights("b", 1, 2 * gates * Units)]);
        NodeProto node = Tests.TinyModel.Node(cell, ["x", "w", "r", "b"], "y");
        node.Attribute.Add(new AttributeProto { Name = "hidden_size", Type = AttributeProto.Types.AttributeType.Int, I = Units });
        model.Graph.Node.Add(node);
        return model;
    }

    private static ModelProto Halved(ModelProto full)
    {
        ModelProto model = full.Clone();
        foreach (ValueInfoProto value in model.Graph.Input.Concat(model.Graph.Output))
            value.Type.TensorType.ElemType = (int)ElementType.Float16;
        foreach (TensorProto tensor in model.Graph.Initializer)
        {
            Half[] values = [.. FloatTensors.Read(tensor).Select(static v => (Half)v)];
            tensor.DataType = (int)ElementType.Float16;
            tensor.RawData = ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        }
        return model;
    }
}
