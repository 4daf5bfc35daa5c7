namespace Cleave.Core.Shapes;

/// <summary>The operator sets with rules, beside ONNX's own, whose domain is empty.</summary>
internal static class Domains
{
    public const string MachineLearning = "ai.onnx.ml";

    public const string Training = "ai.onnx.preview.training";

    /// <summary>ONNX Runtime's own operators, most of which its optimiser makes.</summary>
    public const string Microsoft = "com.microsoft";

    /// <summary>Convolutions whose channels lie in blocks, as ONNX Runtime's optimiser makes them.</summary>
    public const string Blocked = "com.microsoft.nchwc";
}
