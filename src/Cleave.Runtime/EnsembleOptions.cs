using System;
using Microsoft.Extensions.Logging;

namespace Cleave;

/// <summary>How an ensemble opens and runs its members. Read by the runner's constructor; not thread-safe while it is changed.</summary>
public sealed class EnsembleOptions
{
    private int? _cores;

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
    /// Called for each member before it is opened, with its path in the project and its options: where its file is, execution providers, how many cores it gets of
    /// its own. What it sets wins.
    /// </summary>
    public Action<string, RunnerOptions>? ConfigureMember { get; set; }

    /// <summary>Gets one line that says what was chosen, those of the members, and warnings. Null: nothing is logged.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>Who uses which cores; another one than the process's in tests.</summary>
    internal Ledger.CoreLedger? Ledger { get; set; }
}
