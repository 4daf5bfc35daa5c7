using System;
using System.Collections.Generic;
using Microsoft.Extensions.Logging;

namespace Cleave;

/// <summary>How an ensemble opens and runs its members. Read by the runner's constructor; not thread-safe while it is changed.</summary>
public sealed class EnsembleOptions
{
    private string? _name;
    private int? _cores;
    private int _retries;
    private int _mostSegments = 64;
    private FullQueue _whenFull;
    private DeviceOptions _devices = DeviceOptions.Prefer;

    /// <summary>What this runner is called in logs, metrics, snapshots, messages and thread names. Null: as its item. Its members keep theirs, unless <see cref="ConfigureMember"/> sets one.</summary>
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

    /// <summary>The most cores to use for all members together. Null: as many as the process has, as for one model.</summary>
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

    /// <summary>
    /// Called for each member before it is opened, with its path in the project (its <c>Link</c>, if it has one) and its options: where its file is, execution providers, how many cores it gets of
    /// its own. What it sets wins.
    /// </summary>
    public Action<string, RunnerOptions>? ConfigureMember { get; set; }

    /// <summary>
    /// Whether a request of many samples is cut into segments, which the instances of each member take one after the other (<see href="https://github.com/cleave-net/cleave/blob/main/docs/ensembles.md">Ensembles</see>). That needs a batch that
    /// is proven to be the first axis of every input and output of every member; otherwise each member runs the request whole. Results are equal within the tolerance of
    /// the whole models, not bit for bit.
    /// </summary>
    public bool Segments { get; set; } = true;

    /// <summary>
    /// How members serve segments, by their paths in the project (the <c>Link</c> of one that has it). Those that are missing, or all where it is null: as <c>cleave tune --ensemble</c> found for this machine, or
    /// else an instance of one thread on each core, and 32 samples at once.
    /// </summary>
    /// <remarks>The runner's constructor throws an <see cref="ArgumentException"/> for a name that is no member's, and for an empty cell.</remarks>
    public IReadOnlyDictionary<string, EnsembleCell>? Cells { get; set; }

    /// <summary>
    /// Where members serve when the item lists accelerators: by their paths in the project (the <c>Link</c> of one that has it), and by the devices as listed there, <c>cpu</c> among them. Several devices of a member
    /// are copies that share its samples; on an accelerator a cell has one instance and one thread. Members that are missing go where there is room. Null: as
    /// <c>cleave tune --ensemble --device</c> found for this machine, or else where there is room (<see href="https://github.com/cleave-net/cleave/blob/main/docs/ensembles.md">Ensembles</see>). It is read where devices are used; on the processor,
    /// <see cref="Cells"/> wins.
    /// </summary>
    /// <remarks>
    /// The runner's constructor throws an <see cref="ArgumentException"/> for a name that is no member's, a device that the item does not list, a member without a device, an empty cell, and a cell
    /// on an accelerator of more than one instance or thread.
    /// </remarks>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, EnsembleCell>>? DeviceCells { get; set; }

    /// <summary>
    /// Whether and how the accelerators that the item lists (metadata <c>Devices</c>) are used; <see cref="DeviceOptions.Index"/> is as listed. With
    /// <see cref="DevicePolicy.Prefer"/>, the default, members that find no room there, or whose device is lost, run on the processor.
    /// </summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public DeviceOptions Devices
    {
        get => _devices;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _devices = value;
        }
    }

    /// <summary>How often a segment in which a member failed is tried again before its request fails. 0 unless it is set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 0.</exception>
    public int Retries
    {
        get => _retries;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(Retries));
            _retries = value;
        }
    }

    /// <summary>
    /// The most segments of all requests that are under way. While there are so many, further ones wait; a request none of whose segments has begun may be rejected instead
    /// (<see cref="WhenFull"/>). 64 unless it is set.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 1.</exception>
    public int MostSegments
    {
        get => _mostSegments;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MostSegments));
            _mostSegments = value;
        }
    }

    /// <summary>
    /// What becomes of a request that comes while <see cref="MostSegments"/> are under way. The thread that runs it waits, or it fails: one of the ensemble's after
    /// <c>RunAsync</c>, which has returned by then.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public FullQueue WhenFull
    {
        get => _whenFull;
        set
        {
            if (!Enum.IsDefined(value))
                throw new ArgumentOutOfRangeException(nameof(WhenFull), value, null);
            _whenFull = value;
        }
    }

    /// <summary>Gets one line that says what was chosen, those of the members, and warnings. Null: nothing is logged. What it throws is ignored.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>Who uses which cores; another one than the process's in tests.</summary>
    internal Ledger.CoreLedger? Ledger { get; set; }

    /// <summary>Told what each thread of the inference system did; on that thread.</summary>
    internal Action<Ensembles.Serving.StageSpan>? Stages { get; set; }
}
