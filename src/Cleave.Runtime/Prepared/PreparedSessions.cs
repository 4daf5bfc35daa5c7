using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Onnx;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Sessions;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Prepared;

/// <summary>
/// Opens the segments of one model from prepared files, where there are some that fit. Each session must give, bit for bit, what was recorded of a plain one, before anyone gets a
/// result of it; on anything else the segment is opened plainly, and one line says why. Thread-safe.
/// </summary>
internal sealed class PreparedSessions(SessionFactory factory, PreparedFolders folders, RunnerOptions options, string model, ILogger logger) : IDisposable
{
    /// <summary>How long the probe may take: a start that waits for it longer is none worth having.</summary>
    public static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(10);

    private readonly FolderTrust _trust = new(options.PreparedTrustGroup);
    // By part: null where the segment is opened plainly.
    private readonly Dictionary<string, PreparedEntry?> _entries = new(StringComparer.Ordinal);
    private readonly List<PreparedEntry> _refused = [];
    // What plain sessions gave, by entry and number of threads.
    private readonly Dictionary<string, string> _found = new(StringComparer.Ordinal);
    private bool _isMissing;
    private readonly HashSet<string> _said = new(StringComparer.Ordinal);

    /// <summary>The folder that the application asked for, where a segment was sought there, and was not found, or failed, and might be prepared; null where none is missing.</summary>
    public string? Missing => Volatile.Read(ref _isMissing) ? folders.Asked : null;

    /// <summary>Called when an entry was refused after the sessions were opened.</summary>
    public Action? Refused { get; set; }

    /// <summary>The entry that the sessions of a segment are made from; null where they are opened plainly.</summary>
    public PreparedEntry? Find(Segment segment)
    {
        if (!folders.All.Any())
            return null;
        if (factory.Targets.Of(segment, factory.Slices(segment), out string why) is not { } target)
        {
            Say(why);
            return null;
        }
        lock (_entries)
        {
            if (!_entries.TryGetValue(target.Part, out PreparedEntry? entry))
                _entries.Add(target.Part, entry = Open(target));
            return entry;
        }
    }

    /// <summary>The bytes of a plan's prepared weights that no session has mapped yet; null where one of its segments is opened plainly.</summary>
    public long? BytesToMap(Plan plan)
    {
        long bytes = 0;
        if (!folders.All.Any())
            return null;
        IReadOnlyList<SharedSegment>? shared = factory.Shared(plan);
        foreach (Segment segment in plan.Segments.Where((_, i) => shared is null || shared[i].Of == i))
        {
            if (Find(segment) is not { } entry)
                return null;
            if (!entry.IsMapped)
                bytes += entry.WeightBytes;
        }
        return bytes;
    }

    /// <summary>A session of a segment, which is being checked; null where it is to be opened plainly.</summary>
    public SegmentSession? TryCreate(Segment segment, int threads)
    {
        if (Find(segment) is not { } entry)
            return null;
        SegmentSession? session = null;
        string? why = entry.WhatChanged();
        try
        {
            if (why is null)
            {
                session = factory.CreatePrepared(segment, threads, entry.Graph, entry.Folder);
                why = entry.WhatChanged();
            }
        }
        catch (Exception e) when (IsRefusal(e))
        {
            why = e.Message;
        }
        if (why is null)
        {
            entry.IsMapped = true;
            session!.Check = new PreparedCheck(model, token => Check(entry, segment, threads, session, token));
            return session;
        }
        session?.Dispose();
        Refuse(entry, why);
        return null;
    }

    public void Dispose()
    {
        lock (_entries)
        {
            foreach (PreparedEntry? entry in _entries.Values.Concat(_refused))
                entry?.Dispose();
            _entries.Clear();
            _refused.Clear();
        }
    }

    private PreparedEntry? Open(PreparedTarget target)
    {
        List<string> reasons = [];
        foreach (string folder in folders.All)
        {
            if (PreparedEntry.Open(folder, target, factory.ModelWeights, _trust, out string why) is { } entry)
                return entry;
            reasons.Add(why);
        }
        if (folders.Asked is { } asked && PreparedEntry.WhyNotPreparable(asked, target, _trust) is null)
            Volatile.Write(ref _isMissing, true);
        Say(string.Join("; ", reasons));
        return null;
    }

    private static bool IsRefusal(Exception e) =>
        e is OnnxRuntimeException or TimeoutException or NotSupportedException || (e as CleaveException)?.Id == Rules.SessionFailed.Id;

    // Null where the session gives what a plain one gives, else a plain one.
    private SegmentSession? Check(PreparedEntry entry, Segment segment, int threads, SegmentSession session, CancellationToken token)
    {
        string? why = null;
        try
        {
            string[] outputs = [.. segment.Writes.Select(static v => v.Name)];
            string given = entry.Manifest.Probe.Run(session.Unchecked, outputs, limit: ProbeLimit, token: token);
            if (given != Expected(entry, segment, threads, session.Threads, outputs, token))
                why = "its results differ from those of the plain model";
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // The runner is disposed: nobody runs it any more.
        }
        catch (Exception e) when (IsRefusal(e))
        {
            why = e.Message;
        }
        if (why is null)
            return null;
        Refuse(entry, why);
        SegmentSession plain = factory.CreatePlain(segment, threads);
        Refused?.Invoke();
        return plain;
    }

    private string Expected(PreparedEntry entry, Segment segment, int threads, int chosen, string[] outputs, CancellationToken token)
    {
        if (entry.Manifest.Expected.TryGetValue(chosen, out string? recorded))
            return recorded;
        string key = entry.Folder + "\n" + chosen.ToString(CultureInfo.InvariantCulture);
        lock (_found)
        {
            if (_found.TryGetValue(key, out string? found))
                return found;
        }
        // Nothing was recorded for so many threads: a plain session says what is right, once.
        using SegmentSession plain = factory.CreatePlain(segment, threads);
        string expected = entry.Manifest.Probe.Run(plain.Session, outputs, limit: ProbeLimit, token: token);
        lock (_found)
            _found[key] = expected;
        return expected;
    }

    private void Refuse(PreparedEntry entry, string why)
    {
        // Beside the model nothing is ever written.
        if (entry.Within == folders.Asked)
            entry.TryMark(why);
        lock (_entries)
        {
            if (!_entries.TryGetValue(entry.Manifest.Target.Part, out PreparedEntry? now) || now != entry)
                return;
            _entries[entry.Manifest.Target.Part] = null;
            // Another session may be made from it at this moment: it is freed in the end.
            _refused.Add(entry);
            _isMissing = true;
        }
        Log.PreparedFailed(logger, entry.Folder, model, why, entry.Manifest.Target.Processor, CpuSignature.Of() ?? "unknown");
    }

    private void Say(string why)
    {
        lock (_said)
        {
            if (!_said.Add(why))
                return;
        }
        Log.NotPrepared(logger, model, why);
    }
}
