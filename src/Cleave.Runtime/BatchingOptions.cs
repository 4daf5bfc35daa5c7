using System;
using System.ComponentModel;

namespace Cleave;

/// <summary>
/// Whether and how a runner puts requests together that wait for a core at the same time. Nobody waits for a batch to fill up, unless
/// <see cref="Delay"/> says so: whoever becomes free takes what waits. Immutable.
/// </summary>
[TypeConverter(typeof(Words))]
public sealed record BatchingOptions
{
    private readonly BatchingChoice _choice;
    private readonly int? _maxSize;
    private readonly TimeSpan _delay;
    private readonly int _maxWaiting = 1024;
    private readonly FullQueue _whenFull;

    // Each time a new one: a binder of configuration fills the object that it finds, immutable or not, and must find no other runner's.
    /// <summary>Where it is predicted to pay, in the sizes that are predicted to. The default.</summary>
    public static BatchingOptions Auto => new();

    /// <summary>Wherever requests can be put together.</summary>
    public static BatchingOptions On => new() { Choice = BatchingChoice.On };

    /// <summary>Each request runs alone.</summary>
    public static BatchingOptions Off => new() { Choice = BatchingChoice.Off };

    /// <summary>Whether requests are put together.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public BatchingChoice Choice
    {
        get => _choice;
        init
        {
            if (!Enum.IsDefined(value))
                throw new ArgumentOutOfRangeException(nameof(Choice), value, null);
            _choice = value;
        }
    }

    /// <summary>The most samples in a batch. Null: by the cost function, for each set of dimensions.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 2.</exception>
    public int? MaxSize
    {
        get => _maxSize;
        init
        {
            if (value is { } size)
                ArgumentOutOfRangeException.ThrowIfLessThan(size, 2, nameof(MaxSize));
            _maxSize = value;
        }
    }

    /// <summary>
    /// How long the first request of a batch that is not full waits for others, also where a core is free. Zero, the default: not at all, and a request
    /// that is alone loses nothing.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than a day.</exception>
    public TimeSpan Delay
    {
        get => _delay;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero, nameof(Delay));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(1), nameof(Delay));
            _delay = value;
        }
    }

    /// <summary>The most requests that wait. 1024 where nothing is said.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 1.</exception>
    public int MaxWaiting
    {
        get => _maxWaiting;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxWaiting));
            _maxWaiting = value;
        }
    }

    /// <summary>What happens to a request that comes while so many wait.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public FullQueue WhenFull
    {
        get => _whenFull;
        init
        {
            if (!Enum.IsDefined(value))
                throw new ArgumentOutOfRangeException(nameof(WhenFull), value, null);
            _whenFull = value;
        }
    }

    internal sealed class Words : WordConverter<BatchingChoice>
    {
        protected override object Of(BatchingChoice choice) => new BatchingOptions { Choice = choice };
    }
}
