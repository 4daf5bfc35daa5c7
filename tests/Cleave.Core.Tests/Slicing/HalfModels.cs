using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Onnx.Widening;
using Cleave.OnnxProto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Core.Tests.Slicing;

/// <summary>Models with floats of 16 bits, widened, and run: values go in and come out as floats, whatever type they have in the model.</summary>
internal static class HalfModels
{
    public const int HalfType = (int)ElementType.Float16;

    public static TensorProto Halves(string name, long[] dims, params float[] values) => new()
    {
        Name = name,
        DataType = HalfType,
        Dims = { dims },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.Select(v => (System.Half)v).ToArray().AsSpan())),
    };

    public static SubModel Widen(ModelProto model, SegmentRequest? request = null) => Widen(model.ToByteArray(), null, WeightMode.Copy, request);

    public static SubModel Widen(byte[] bytes, string? path, WeightMode mode, SegmentRequest? request = null)
    {
        using ByteSource source = path is null ? ByteSource.FromBytes(bytes, 0, bytes.Length) : ByteSource.OpenFile(path);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        return new SubModelWriter(model, source, path).Write(request ?? Slices.Whole(model), mode, HalfFloats.Of(model));
    }

    public static ModelProto Parse(SubModel model) => ModelProto.Parser.ParseFrom(model.Bytes);

    public static Dictionary<string, float[]> Run(byte[] model, IReadOnlyDictionary<string, float[]> inputs, string? folder = null)
    {
        using InferenceSession session = Ort.Open(model, folder);
        NamedOnnxValue[] given = [.. session.InputMetadata.Select(i => Given(i.Key, i.Value.ElementDataType, i.Value.Dimensions, inputs[i.Key]))];
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run(given);
        return results.ToDictionary(r => r.Name, Floats, StringComparer.Ordinal);
    }

    private static NamedOnnxValue Given(string name, TensorElementType type, int[] dims, float[] values) => type switch
    {
        TensorElementType.Float16 => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<Float16>(values.Select(v => (Float16)v).ToArray(), dims)),
        TensorElementType.Bool => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<bool>(values.Select(v => v != 0).ToArray(), dims)),
        TensorElementType.Int64 => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<long>(values.Select(v => (long)v).ToArray(), dims)),
        _ => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(values, dims)),
    };

    private static float[] Floats(DisposableNamedOnnxValue value) => value.ElementType switch
    {
        TensorElementType.Float16 => [.. value.AsEnumerable<Float16>().Select(v => (float)v)],
        TensorElementType.Int64 => [.. value.AsEnumerable<long>().Select(v => (float)v)],
        _ => [.. value.AsEnumerable<float>()],
    };
}
