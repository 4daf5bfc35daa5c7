using System;
using System.Collections.Generic;
using System.Threading;
using Cleave.Cores;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace Cleave;

/// <summary>
/// How a runner opens and runs its model. What is null here, as everything is at first, is as the model's item metadata says, or else the default. Read by the runner's
/// constructor; not thread-safe while it is changed. It can be bound from configuration.
/// </summary>
public sealed class RunnerOptions
{
    private string? _name;
    private int? _cores;
    private WeightLoading? _weights;
    private PlanChoice? _plan;
    private RunnerHint? _hint;
    private DividingChoice? _dividing;
    private long? _maxMemory;
    private PrecisionChoice? _precision;

    /// <summary>
    /// Where the model is. Null: its place in the build output, under the folder that the environment variable
    /// <c>CLEAVE_MODELS</c> names or else beside the application.
    /// </summary>
    public ModelSource? Model { get; set; }

    /// <summary>
    /// What this runner is called in logs, metrics, snapshots, messages and thread names. Null: as its model. For those who open several runners of one class, with other weights each.
    /// </summary>
    /// <exception cref="ArgumentException">Set to an empty text or spaces.</exception>
    public string? Name
    {
        get => _name;
        set
        {
            if (value is not null)
                ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(Name));
            _name = value;
        }
    }

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

    /// <summary>How weights get into memory: <see cref="WeightLoading.Auto"/> where nothing is set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public WeightLoading? Weights
    {
        get => _weights;
        set => _weights = Defined(value, nameof(Weights));
    }

    /// <summary>
    /// False: ONNX Runtime opens the model exactly as published, as one session. True: where something is gained, it gets
    /// a cleaned copy of the graph with the same results. The default.
    /// </summary>
    public bool? Slicing { get; set; }

    /// <summary>Whether the model runs whole or split. <see cref="PlanChoice.Auto"/>, the default: as it was planned.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public PlanChoice? Plan
    {
        get => _plan;
        set => _plan = Defined(value, nameof(Plan));
    }

    /// <summary>
    /// What the requests are for, which decides how many cores each gets. <see cref="RunnerHint.Latency"/> where nothing is set; set to that, it says as well
    /// that no request is to be put together with others (<see cref="BatchingChoice.Auto"/>).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public RunnerHint? Hint
    {
        get => _hint;
        set => _hint = Defined(value, nameof(Hint));
    }

    /// <summary>
    /// Whether requests that wait for a core at the same time run together, as one batch: <see cref="BatchingOptions.Auto"/>, <see cref="BatchingOptions.On"/>,
    /// <see cref="BatchingOptions.Off"/>, or one of them with sizes of your own. The default is <see cref="BatchingOptions.Auto"/>. What is set replaces all that the item says of it. Results are equal within the tolerance of the whole model, not bit for bit.
    /// </summary>
    public BatchingOptions? Batching { get; set; }

    /// <summary>How the parts of a job (<see cref="IModelRunner{TInput,TOutput}.RunMany"/>) are divided over the cores: as in <see cref="PartsOptions.Default"/> where nothing is set. What is set replaces all that the item says of it.</summary>
    public PartsOptions? Parts { get; set; }

    /// <summary>
    /// Whether the batch of a request that is alone is divided over several instances of the model: <see cref="DividingChoice.Auto"/> where nothing is set. Results are equal within the tolerance of the whole model, not
    /// bit for bit.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public DividingChoice? Dividing
    {
        get => _dividing;
        set => _dividing = Defined(value, nameof(Dividing));
    }

    /// <summary>
    /// The most bytes that the sessions of this runner may take, by estimate: its weights once for each session where they are mapped, twice
    /// where they are copied. The first session is always made. Null: the further ones of all such runners in the process together may take half of what would be left to the machine and the container without them.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public long? MaxMemory
    {
        get => _maxMemory;
        set
        {
            if (value is { } bytes)
                ArgumentOutOfRangeException.ThrowIfNegative(bytes, nameof(MaxMemory));
            _maxMemory = value;
        }
    }

    /// <summary>
    /// True: runs every request in the same way, so that equal inputs give equal bits. Otherwise the number of threads, and whether the model
    /// is split, depend on what else runs, and results differ as ONNX Runtime's do between thread counts. No request, and no part of a job, is put together with others, and no batch is divided. False is the default.
    /// </summary>
    public bool? Deterministic { get; set; }

    /// <summary>
    /// What happens where ONNX Runtime cannot open a part of a split model. False, the default: the whole model runs instead, and a warning says
    /// so. True: the runner's constructor throws.
    /// </summary>
    public bool? Strict { get; set; }

    /// <summary>
    /// True: keeps the threads of a split model's lanes to processors of their own; false is the default. Threads of the application, which run the first
    /// lane in <c>Run</c>, are never pinned; those that run it in <c>RunAsync</c> are. No two runners share a processor: where too few are left,
    /// the runner's threads are not pinned, and a warning says so. For a process that has its processors for itself
    /// only: on those that others use, too, pinned threads wait.
    /// </summary>
    public bool? Pinning { get; set; }

    /// <summary>Where it is recorded which lane runs what, and when. Null: nowhere.</summary>
    public Timeline? Timeline { get; set; }

    /// <summary>
    /// Whether a model whose weights were rounded to 8 bits (<c>cleave quantize --cpu vnni</c>) is run on a processor without VNNI instructions, where sums of two products may be
    /// cut off (<see href="https://github.com/cleave-net/cleave/blob/main/docs/quantize.md">Quantisation</see>). False, the default: it is refused there, with CLV4013.
    /// </summary>
    public bool? AllowSaturation { get; set; }

    /// <summary>In which precision floats of 16 bits are computed (<see href="https://github.com/cleave-net/cleave/blob/main/docs/precision.md">Precision</see>): <see cref="PrecisionChoice.Auto"/> where nothing is set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public PrecisionChoice? Precision
    {
        get => _precision;
        set => _precision = Defined(value, nameof(Precision));
    }

    /// <summary>
    /// Which requests' inputs are kept in files, for <c>cleave quantize</c> (<see href="https://github.com/cleave-net/cleave/blob/main/docs/quantize.md">Quantisation</see>). Null: none, unless the environment variable <c>CLEAVE_RECORD</c> names a folder; then the
    /// first hundred.
    /// </summary>
    public RecordingOptions? Record { get; set; }

    /// <summary>
    /// Called before each session is created, on the thread that creates it: custom operators, execution providers,
    /// configuration entries. What it sets wins; a changed number of threads is logged.
    /// </summary>
    public Action<SessionOptions, SegmentInfo>? ConfigureSession { get; set; }

    /// <summary>
    /// A folder with prepared models, which open in a part of the time and share their weights with every session on the machine (<see href="https://github.com/cleave-net/cleave/blob/main/docs/prepared.md">Prepared models</see>): as
    /// <c>cleave prepare</c> wrote it. What does not fit exactly (processor, ONNX Runtime, weights, settings) is not used, and one line says why; it is prepared into the folder
    /// in the background, for the next start. A relative one is below the application's folder. Null: the model's item metadata, or else the folder
    /// that the environment variable <c>CLEAVE_PREPARED</c> names, if any; empty: no folder. A folder <c>prepared</c> beside the model is read in any case.
    /// </summary>
    public string? Prepared { get; set; }

    /// <summary>
    /// A text that stands for everything <see cref="ConfigureSession"/> does, and changes when that changes. Models are prepared, and prepared ones used, with a
    /// <see cref="ConfigureSession"/> only where this is set: what it did cannot be read back. Two that differ and have one text give wrong results.
    /// </summary>
    public string? PreparedKey { get; set; }

    /// <summary>
    /// Whether prepared models are used that a group of users can write to, as in volumes that Kubernetes mounts with an fsGroup. Never those that everyone can write to,
    /// or that belong to a user who is neither this one nor root. False is the default.
    /// </summary>
    public bool? PreparedTrustGroup { get; set; }

    /// <summary>
    /// Whether the accelerator is used that the model was planned for (item metadata <c>Accelerator</c>), and what happens where it cannot be, or fails: <see cref="DeviceOptions.Prefer"/> where nothing is set. What is not set in it is as the item says.
    /// </summary>
    public DeviceOptions? Device { get; set; }

    /// <summary>Gets one line that says what was chosen and why, and warnings. Null: nothing is logged. What it throws is ignored.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>These options as they are now.</summary>
    internal RunnerOptions Copy() => (RunnerOptions)MemberwiseClone();

    /// <summary>A copy, in which what was not set is as the model's item metadata says.</summary>
    internal RunnerOptions Over(RunnerOptions? item)
    {
        RunnerOptions both = Copy();
        if (item is null)
            return both;
        both.Cores ??= item.Cores;
        both.Weights ??= item.Weights;
        both.Slicing ??= item.Slicing;
        both.Plan ??= item.Plan;
        both.Hint ??= item.Hint;
        both.Batching ??= item.Batching;
        both.Parts ??= item.Parts;
        both.Dividing ??= item.Dividing;
        both.MaxMemory ??= item.MaxMemory;
        both.Deterministic ??= item.Deterministic;
        both.Strict ??= item.Strict;
        both.AllowSaturation ??= item.AllowSaturation;
        both.Precision ??= item.Precision;
        both.Pinning ??= item.Pinning;
        both.Prepared ??= item.Prepared;
        both.PreparedTrustGroup ??= item.PreparedTrustGroup;
        both.Device = Device is { } device && item.Device is { } ofItem ? device.Over(ofItem) : Device ?? item.Device;
        return both;
    }

    /// <summary>Opened by tuning, to be measured: goes by the plan, whatever was measured before, and ONNX Runtime logs nothing of what it refuses.</summary>
    internal bool IsTrial { get; set; }

    /// <summary>Whether what is missing is prepared in the background; not in tests of something else.</summary>
    internal bool PreparesByItself { get; set; } = true;

    /// <summary>How a preparation in the background waits; null: on the clock. Tests do not.</summary>
    internal Action<TimeSpan, CancellationToken>? PreparationWait { get; set; }

    /// <summary>How long the recorded request of a prepared model may take: a start that waits for it longer is none worth having. Shorter in tests.</summary>
    internal TimeSpan ProbeLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Where what was measured is looked for and written, and what nothing is known of is measured by itself; null: nowhere but beside the model. Other than the process says in tests.</summary>
    internal string? TuningFolder { get; set; } = Environment.GetEnvironmentVariable(Tuning.TuningStore.FolderVariable);

    /// <summary>What the inputs of sample requests are made with, where the command knows it; null: not known.</summary>
    internal IReadOnlyList<string>? TuningFills { get; set; }

    /// <summary>How long tuning compares two ways at least, while there is time: for tests of what follows from it, shorter.</summary>
    internal TimeSpan TuningSpan { get; set; } = Tuning.PairTimer.Span;

    /// <summary>What the system says of memory and processors; a recorded tree in tests.</summary>
    internal ProcessFiles Files { get; set; } = ProcessFiles.System;

    /// <summary>Who uses which cores; another one than the process's in tests.</summary>
    internal Ledger.CoreLedger? Ledger { get; set; }

    private static T? Defined<T>(T? value, string property)
        where T : struct, Enum =>
        value is { } choice && !Enum.IsDefined(choice) ? throw new ArgumentOutOfRangeException(property, value, null) : value;
}
