using System;
using System.Collections.Generic;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cleave.Ensembles.Serving;

/// <summary>How the inference system works.</summary>
internal sealed record SystemOptions
{
    /// <summary>Samples of a segment.</summary>
    public int SegmentSize { get; init; } = 128;

    /// <summary>The most segments under way; who brings more waits, or is rejected.</summary>
    public int MostSegments { get; init; } = 64;

    public FullQueue WhenFull { get; init; } = FullQueue.Wait;

    /// <summary>How often a segment that failed is tried again before its request fails.</summary>
    public int Retries { get; init; }

    /// <summary>The same where a device failed it, and there is a <see cref="Fallback"/>.</summary>
    public int DeviceRetries { get; init; }

    /// <summary>Other instances of a member that has lost its last one, and why; null: its requests fail from then on.</summary>
    public Func<string, Exception, IReadOnlyList<IMemberInstance>>? Fallback { get; init; }

    /// <summary>Where it is counted how the runs of a member go, by its name; null: here.</summary>
    public Func<string, MemberCounts>? Counts { get; init; }

    /// <summary>Told what each thread did; on that thread.</summary>
    public Action<StageSpan>? Timeline { get; init; }

    public ILogger Logger { get; init; } = NullLogger.Instance;
}
