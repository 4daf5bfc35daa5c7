using LabelReader.Reading;
using Microsoft.ML.OnnxRuntime;

namespace LabelGlyphsModel;

/// <summary>Runs the written model with plain ONNX Runtime.</summary>
internal sealed class OnnxScorer : IDisposable
{
    private readonly InferenceSession _session;

    public OnnxScorer(byte[] model)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1 };
        _session = new InferenceSession(model, options);
    }

    /// <param name="glyphs">[count, 1, 24, 16].</param>
    /// <returns>[count, 36].</returns>
    public float[] Score(float[] glyphs)
    {
        long[] shape = [glyphs.Length / GlyphCrop.Size, 1, GlyphCrop.Height, GlyphCrop.Width];
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(glyphs, shape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, ["glyphs"], [input], ["scores"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    public void Dispose() => _session.Dispose();
}
