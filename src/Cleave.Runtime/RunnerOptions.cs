using System;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace Cleave;

/// <summary>How a runner opens and runs its model. Read by the runner's constructor; not thread-safe while it is changed.</summary>
public sealed class RunnerOptions
{
    private int? _cores;
    private WeightLoading _weights;

    /// <summary>
    /// Where the model is. Null: its place in the build output, under the folder that the environment variable
    /// <c>CLEAVE_MODELS</c> names or else beside the application.
    /// </summary>
    public ModelSource? Model { get; set; }

    /// <summary>
    /// The most cores to use. Null: as many as the process has (affinity mask and container quota), or fewer where the
    /// environment variable <c>CLEAVE_CORES</c> says so. It never raises that number.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 1.</exception>
    public int? Cores
    {
        get => _cores;
        set
        {
            if (value is { } cores)
                ArgumentOutOfRangeException.ThrowIfLessThan(cores, 1, nameof(Cores));
            _cores = value;
        }
    }

    /// <summary>How weights get into memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public WeightLoading Weights
    {
        get => _weights;
        set
        {
            if (!Enum.IsDefined(value))
                throw new ArgumentOutOfRangeException(nameof(Weights), value, null);
            _weights = value;
        }
    }

    /// <summary>
    /// False: ONNX Runtime opens the model exactly as published, as one session. True: where something is gained, it gets
    /// a cleaned copy of the graph with the same results.
    /// </summary>
    public bool Slicing { get; set; } = true;

    /// <summary>
    /// Called before each session is created, on the thread that creates it: custom operators, execution providers,
    /// configuration entries. What it sets wins; a changed number of threads is logged.
    /// </summary>
    public Action<SessionOptions, SegmentInfo>? ConfigureSession { get; set; }

    /// <summary>Gets one line that says what was chosen and why, and warnings. Null: nothing is logged.</summary>
    public ILogger? Logger { get; set; }
}
