using System.Linq;

namespace Cleave.Core.Graph;

/// <summary>What a model in 8 bits says of itself, in its metadata: written by <c>cleave quantize</c>, read by the build and by runners (docs/quantize.md).</summary>
internal static class QuantisationMetadata
{
    /// <summary>The digest of the model that it was made of, behind <see cref="HashKind"/>.</summary>
    public const string Source = Prefix + "source";

    /// <summary>Digests of the inputs that it was chosen on.</summary>
    public const string Calibration = Prefix + "calibration";

    /// <summary>The largest error that it may have.</summary>
    public const string MaxError = Prefix + "max_error";

    /// <summary>How errors are measured.</summary>
    public const string Norm = Prefix + "norm";

    /// <summary>Whether scales are found in each request or before.</summary>
    public const string Form = Prefix + "form";

    /// <summary>The processors that it is for: any, or <see cref="Vnni"/>.</summary>
    public const string Processor = Prefix + "cpu";

    /// <summary>The release of ONNX Runtime that it was measured with.</summary>
    public const string OnnxRuntime = Prefix + "onnxruntime";

    /// <summary>The nodes in 8 bits.</summary>
    public const string Operators = Prefix + "operators";

    public const string HashKind = "sha256:";

    /// <summary>Those with VNNI instructions.</summary>
    public const string Vnni = "vnni";

    private const string Prefix = "cleave.quantized.";

    /// <summary>What a model says; null where it says nothing.</summary>
    public static string? Of(OnnxModel model, string key) => model.Metadata.Where(m => m.Key == key).Select(static m => m.Value).LastOrDefault();
}
