using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Cores;
using Cleave.Generated;

namespace Cleave.Sessions;

/// <summary>The sessions of a runner. Equal segments with equally many threads share one, whatever plans they belong to;
/// where they have several threads, those of one instance of a mode only. Thread-safe.</summary>
internal sealed class SessionTable(SessionFactory factory) : IDisposable
{
    private readonly Dictionary<string, SegmentSession> _sessions = new(StringComparer.Ordinal);

    /// <summary>Makes sessions that the table does not hold.</summary>
    public SessionFactory Factory { get; } = factory;

    /// <summary>Whether a part of the model can be opened.</summary>
    public bool CanSplit => Factory.Slicing;

    /// <summary>The session that runs a segment; made at the first call.</summary>
    public SegmentSession Get(Segment segment, int threads, int instance, ThreadPin? pin)
    {
        // The threads of a session stay where it was made; one of a single thread has none of its own.
        ThreadPin? maker = threads > 1 ? pin : null;
        string key = Key(segment, threads, threads > 1 ? instance : 0, maker);
        lock (_sessions)
        {
            if (_sessions.TryGetValue(key, out SegmentSession? session))
                return session;
            session = maker is null
                ? Factory.Create(segment, threads)
                : maker.Do("Cleave session maker", () => Factory.Create(segment, threads));
            _sessions.Add(key, session);
            return session;
        }
    }

    /// <summary>Frees every session.</summary>
    public void Clear()
    {
        lock (_sessions)
        {
            foreach (SegmentSession session in _sessions.Values)
                session.Dispose();
            _sessions.Clear();
        }
    }

    public void Dispose()
    {
        Clear();
        Factory.Dispose();
    }

    private string Key(Segment segment, int threads, int instance, ThreadPin? maker) => string.Join('\n',
    [
        threads.ToString(CultureInfo.InvariantCulture), instance.ToString(CultureInfo.InvariantCulture), maker?.ToString() ?? "", Factory.Precision.Widens(segment) ? "widened" : "", segment.Recurrent, segment.Nodes,
        .. segment.Reads.Select(static v => v.ToString()), "", .. segment.Writes.Select(static v => v.ToString()),
    ]);
}
