using Microsoft.ML.OnnxRuntime;
using PageReader.Reading;

namespace PageReader.Training;

/// <summary>Runs a written model with plain ONNX Runtime, a line at a time.</summary>
internal sealed class OnnxScorer : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string _output;

    public OnnxScorer(byte[] model)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1 };
        _session = new InferenceSession(model, options);
        _output = _session.OutputNames[0];
    }

    /// <summary>The model's output for one line, and its shape.</summary>
    public (float[] Scores, int[] Shape) Score(LineCrop line)
    {
        long[] shape = [1, 1, LineCrop.Height, line.Width];
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(line.Pixels, shape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, ["lines"], [input], [_output]);
        return (outputs[0].GetTensorDataAsSpan<float>().ToArray(), [.. outputs[0].GetTensorTypeAndShape().Shape.Select(d => (int)d)]);
    }

    public void Dispose() => _session.Dispose();
}
