using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Running;

/// <summary>Inputs from a folder as ONNX's test data have it: <c>input_0.pb</c>, <c>input_1.pb</c>, … each a TensorProto.</summary>
internal static class GivenInputs
{
    /// <exception cref="RefusedException">A file is missing or no tensor.</exception>
    public static InputCase Read(string folder, IReadOnlyList<ValueInfo> inputs)
    {
        Dictionary<string, TensorCopy> values = new(StringComparer.Ordinal);
        for (int i = 0; i < inputs.Count; i++)
        {
            string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"input_{i}.pb"));
            if (!File.Exists(path))
                throw new RefusedException($"{folder}: {Path.GetFileName(path)} is missing; the model has {inputs.Count} inputs ({string.Join(", ", inputs.Select(n => n.Name))}), each in a file of its own.");
            values.Add(inputs[i].Name, ReadTensor(path));
        }
        return new InputCase(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), values);
    }

    /// <summary>A tensor in a file. It comes in a dozen encodings; ONNX Runtime decodes them, where it is the initializer of a model that gives it back.</summary>
    /// <exception cref="RefusedException">It is none.</exception>
    public static TensorCopy ReadTensor(string path)
    {
        try
        {
            byte[] model = ModelAround(path, File.ReadAllBytes(path));
            using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            using InferenceSession session = new(model, options);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, [], Array.Empty<OrtValue>(), ["value"]);
            return TensorCopy.Of(outputs[0]);
        }
        catch (Exception e) when (e is ModelException or OnnxRuntimeException or IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"{path} is no tensor that can be read: {(e is ModelException problem ? problem.Problem.Message(path) : e.Message)}");
        }
    }

    /// <summary>Writes a tensor as <see cref="ReadTensor"/> reads it.</summary>
    public static void WriteTensor(string path, string name, TensorCopy value)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)value.Type, Dims = { value.Shape } };
        if (value.Strings is { } strings)
            tensor.StringData.Add(strings.Select(ByteString.CopyFromUtf8));
        else
            tensor.RawData = ByteString.CopyFrom(value.Bytes);
        File.WriteAllBytes(path, tensor.ToByteArray());
    }

    private static byte[] ModelAround(string path, byte[] tensor)
    {
        // Of a field that is there twice the last one counts: so the tensor gets a name.
        MessageBuilder named = new();
        using ByteSource source = ByteSource.FromBytes(tensor, 0, tensor.Length);
        named.Append(source, new ByteRange(0, tensor.Length));
        named.Text(Tags.Tensor.Name, "given");
        MessageBuilder node = new();
        node.Text(Tags.Node.Input, "given");
        node.Text(Tags.Node.Output, "value");
        node.Text(Tags.Node.OpType, "Identity");
        byte[] untyped = Model(named, node, null);
        using ByteSource read = ByteSource.FromBytes(untyped, 0, untyped.Length);
        TensorInfo info = ModelReader.Read(read, CancellationToken.None).Graph.Initializers[0];
        // ONNX Runtime would look for that file in the working directory.
        if (info.Storage == Storage.External)
            throw new RefusedException($"{path} keeps its elements in another file, which is not read. Write the tensor with its elements inside: as raw_data, without data_location.");
        return Model(named, node, new OnnxType.Tensor(info.Element, [.. info.Dims.Select(Dimension.Fixed)]));
    }

    private static byte[] Model(MessageBuilder tensor, MessageBuilder node, OnnxType.Tensor? type)
    {
        MessageBuilder graph = new();
        graph.Message(Tags.Graph.Node, node);
        graph.Text(Tags.Graph.Name, "given");
        graph.Message(Tags.Graph.Initializer, tensor);
        if (type != null)
            graph.Message(Tags.Graph.Output, ValueMessage.Of("value", type));
        MessageBuilder opset = new();
        opset.Number(Tags.Opset.Version, 17);
        MessageBuilder model = new();
        model.Number(Tags.Model.IrVersion, 8);
        model.Message(Tags.Model.Graph, graph);
        model.Message(Tags.Model.Opset, opset);
        return model.ToArray();
    }
}
