namespace Cleave;

/// <summary>In which precision a model's floats of 16 bits (<see cref="System.Half"/>) are computed. Its inputs and outputs keep their type in any case.</summary>
public enum PrecisionChoice
{
    /// <summary>
    /// In 32 bits where ONNX Runtime has no kernels of 16 on the processor: at least as exact, and not slower. Weights take twice the memory then; where that is not to be had, and where
    /// <see cref="RunnerOptions.ConfigureSession"/> may put the model on another device, it stays as published. The default.
    /// </summary>
    Auto,

    /// <summary>As the file says.</summary>
    AsPublished,

    /// <summary>In 32 bits wherever that can be done, whatever the processor has.</summary>
    Widened,
}
