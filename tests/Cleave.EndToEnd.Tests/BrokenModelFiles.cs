using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;

namespace Cleave.EndToEnd.Tests;

/// <summary>The models of sample-app/BrokenModels: one that is sound, and others with one small change each.</summary>
internal static class BrokenModelFiles
{
    private const string Contract = """
        # "scale.onnx": what users of the model rely on. To accept a change: cleave contract --accept
        cleave-contract 1
        input "x" tensor float [4]
        opset "" 17
        output "y" tensor float [4]

        """;

    private static readonly float[] Ones = [1, 1, 1, 1];

    /// <summary>By path below the folder of models.</summary>
    public static IReadOnlyDictionary<string, byte[]> All { get; } = Make();

    private static Dictionary<string, byte[]> Make()
    {
        byte[] sound = new TinyModel().ToBytes();
        byte[] contract = System.Text.Encoding.UTF8.GetBytes(Contract.ReplaceLineEndings("\n"));
        return new(StringComparer.Ordinal)
        {
            ["scale.onnx"] = sound,
            ["scale.onnx.contract.txt"] = contract,
            ["cut-off.onnx"] = sound[..^20],
            ["newer-opset.onnx"] = Changed(m => m.OpsetImport[0].Version = 99),
            ["unknown-operator.onnx"] = Changed(m => m.Graph.Node[0].OpType = "Mull"),
            ["missing-data.onnx"] = new TinyModel { ExternalFile = "gone.data" }.ToBytes(),
            ["renamed-input.onnx"] = Changed(m => m.Graph.Node[0].Input[0] = m.Graph.Input[0].Name = "pixels"),
            ["renamed-input.onnx.contract.txt"] = contract,
            // Relu takes one input: no build sees that, ONNX Runtime does.
            ["refused.onnx"] = new TinyModel { Operator = "Relu" }.ToBytes(),
            ["newer-weights.onnx"] = new TinyModel { Weights = [1, 2, 3, 5] }.ToBytes(),
            ["newer-weights.onnx.golden/test_data_set_0/input_0.pb"] = Tensor("x", Ones),
            ["newer-weights.onnx.golden/test_data_set_0/output_0.pb"] = Tensor("y", [1, 2, 3, 4]),
        };
    }

    private static byte[] Changed(Action<ModelProto> change)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(new TinyModel().ToBytes());
        change(model);
        return model.ToByteArray();
    }

    private static byte[] Tensor(string name, float[] values) => new TensorProto
    {
        Name = name,
        DataType = 1,
        Dims = { values.Length },
        RawData = ByteString.CopyFrom([.. values.SelectMany(BitConverter.GetBytes)]),
    }.ToByteArray();
}
