using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Cleave.Elements;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Recording;

/// <summary>Copies of a request's inputs.</summary>
/// <param name="Inputs">In the model's order.</param>
/// <param name="Bytes">What they take.</param>
internal sealed record RecordedRequest(IReadOnlyList<RecordedTensor> Inputs, long Bytes)
{
    public static RecordedRequest Of(InputSlot[] inputs) => new([.. inputs.Select(Copy)], Size(inputs));

    /// <summary>What the inputs take, without copying them.</summary>
    public static long Size(InputSlot[] inputs) => inputs.Sum(static i => i is InputSlot<string> texts ? Size(texts.Span) : i.ByteLength);

    // As the file has them, each behind its tag and its length.
    private static long Size(ReadOnlySpan<string> texts)
    {
        long bytes = 2L * texts.Length;
        foreach (string text in texts)
            bytes += Encoding.UTF8.GetByteCount(text);
        return bytes;
    }

    private static RecordedTensor Copy(InputSlot input)
    {
        if (input is InputSlot<string> texts)
            return new RecordedTensor(input.Name, TensorElementType.String, [.. input.Shape], [], texts.Span.ToArray());
        OrtTensorTypeAndShapeInfo info = input.Tensor.GetTensorTypeAndShape();
        return new RecordedTensor(input.Name, info.ElementDataType, [.. input.Shape], info.ElementCount == 0 ? [] : input.Tensor.GetTensorMutableRawData().ToArray(), null);
    }
}
