using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Timelines;

namespace Cleave;

/// <summary>
/// Records which lane ran which segment and waited for which value, and when: of every runner whose
/// <see cref="RunnerOptions.Timeline"/> it is. Keeps the latest spans. Thread-safe.
/// </summary>
public sealed class Timeline
{
    private readonly (TimelineSpan Span, int Thread)[] _spans;
    private long _added;

    /// <summary>A record of so many spans.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is less than 1.</exception>
    public Timeline(int capacity = 65_536)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _spans = new (TimelineSpan, int)[capacity];
    }

    /// <summary>How many spans it holds.</summary>
    public int Count
    {
        get
        {
            lock (_spans)
                return (int)Math.Min(_added, _spans.Length);
        }
    }

    /// <summary>Writes the spans as JSON of Chrome's trace events: for chrome://tracing, Perfetto, speedscope. May be called while requests run.</summary>
    public void WriteChromeTrace(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ChromeTrace.Write(InOrder(), stream);
    }

    /// <summary>
    /// As <see cref="WriteChromeTrace"/>, without a synchronous write: for streams that refuse those, as the body of a response of ASP.NET Core does.
    /// </summary>
    /// <param name="stream">Gets the text, in pieces.</param>
    /// <param name="cancellationToken">Ends it; what was written until then is no whole document.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task WriteChromeTraceAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return ChromeTrace.WriteAsync(InOrder(), stream, cancellationToken);
    }

    internal void Add(TimelineSpan span)
    {
        lock (_spans)
            _spans[_added++ % _spans.Length] = (span, Environment.CurrentManagedThreadId);
    }

    /// <summary>The spans by their start.</summary>
    internal List<(TimelineSpan Span, int Thread)> InOrder()
    {
        List<(TimelineSpan Span, int Thread)> spans;
        lock (_spans)
            spans = [.. _spans.AsSpan(0, (int)Math.Min(_added, _spans.Length))];
        spans.Sort(static (a, b) => a.Span.Start.CompareTo(b.Span.Start));
        return spans;
    }
}
