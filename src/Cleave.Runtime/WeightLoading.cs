namespace Cleave;

/// <summary>How a model's weights get into memory.</summary>
public enum WeightLoading
{
    /// <summary>
    /// <see cref="Copy"/> up to 256 MB of weights, <see cref="Map"/> above, and for weights that are in files of their own already.
    /// </summary>
    Auto,

    /// <summary>
    /// Into memory of the process, those in files of their own too. What happens to the files afterwards does not matter.
    /// With <see cref="RunnerOptions.Slicing"/> off, ONNX Runtime decides: it maps weights in files of their own.
    /// </summary>
    Copy,

    /// <summary>
    /// Tensors of at least 16 KiB are mapped from the file: faster to open, and shared by processes. The file must stay as
    /// it is while the runner lives: truncating or overwriting it in place ends the process or changes results silently.
    /// Replace it by renaming a new file over it.
    /// </summary>
    Map,
}
