using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Core.Onnx.Slicing;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Logging;
using Cleave.Prepared.Making;
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
    private readonly FolderTrust _trust = new(options.PreparedTrustGroup == true);
    // By part: null where the segment is opened plainly.
    private readonly Dictionary<string, PreparedEntry?> _entries = new(StringComparer.Ordinal);
    // Parts that it was found of that there is nothing to prepare.
    private readonly HashSet<string> _weightless = new(StringComparer.Ordinal);
    // What plain sessions gave, by entry and number of threads.
    private readonly ConcurrentDictionary<(PreparedEntry, int), Comparison> _comparisons = new();
    private bool _isMissing;
    private readonly HashSet<string> _said = new(StringComparer.Ordinal);
    // Under the lock of what was said.
    private readonly List<(string Part, int Threads)> _unrecorded = [];

    /// <summary>The folder that the application asked for, where a segment was sought there, and was not found, or failed, and might be prepared; null where none is missing.</summary>
    public string? Missing => Volatile.Read(ref _isMissing) ? folders.Asked : null;

    /// <summary>Of which numbers of threads sessions were made that entries in that folder say nothing of, by part: of modes, or of parts of jobs.</summary>
    public (string Part, int Threads)[] Unrecorded
    {
        get
        {
            lock (_said)
                return [.. _unrecorded];
        }
    }

    /// <summary>Called when an entry was refused after the sessions were opened, or says nothing of a number of threads.</summary>
    public Action? Refused { get; set; }

    /// <summary>The entry that the sessions of a segment are made from; null where they are opened plainly.</summary>
    public PreparedEntry? Find(Segment segment)
    {
        if (!folders.All.Any())
            return null;
        if (factory.Targets.Of(segment, factory.Slices(segment), out string why) is not { } target)
        {
            Say(segment.Name, why);
            return null;
        }
        lock (_entries)
        {
            if (!_entries.TryGetValue(target.Part, out PreparedEntry? entry))
                _entries.Add(target.Part, entry = Open(target, segment));
            return entry;
        }
    }

    /// <summary>The bytes of a plan's prepared weights that no session has mapped yet; null where one of its segments that has weights is opened plainly.</summary>
    public long? BytesToMap(Plan plan)
    {
        long bytes = 0;
        if (!folders.All.Any())
            return null;
        IReadOnlyList<SharedSegment>? shared = factory.Shared(plan);
        foreach (Segment segment in plan.Segments.Where((_, i) => shared is null || shared[i].Of == i))
        {
            PreparedEntry? entry = Find(segment);
            if (entry is null && !IsWeightless(segment))
                return null;
            if (entry is { IsMapped: false })
                bytes += entry.WeightBytes;
        }
        return bytes;
    }

    /// <summary>
    /// A session of a segment, which is being checked, or a plain one where an entry was found and cannot be opened; null where none was found. What fails for lack of memory fails
    /// plainly, too: an entry is marked only where the plain way goes.
    /// </summary>
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
        catch (CleaveException e) when (e.Id == Rules.SessionFailed.Id && !e.IsOfConfiguration)
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
        // Another that refused it knows why, and marks it if that is the entry's.
        bool isFirst = Refuse(entry, why);
        SegmentSession plain = factory.CreatePlain(segment, threads);
        if (isFirst)
            Mark(entry, why);
        return plain;
    }

    public void Dispose()
    {
        lock (_entries)
        {
            foreach (PreparedEntry? entry in _entries.Values)
                entry?.Dispose();
            _entries.Clear();
        }
    }

    private bool IsWeightless(Segment segment)
    {
        lock (_entries)
            return _weightless.Contains(PreparedTargets.PartOf(segment));
    }

    // Under the lock.
    private PreparedEntry? Open(PreparedTarget target, Segment segment)
    {
        List<string> reasons = [];
        foreach (string folder in folders.All)
        {
            if (PreparedEntry.Open(folder, target, factory.ModelWeights, _trust, out string why) is { } entry)
            {
                Renew(entry);
                return entry;
            }
            if (why == SegmentPreparer.NoWeights)
                _weightless.Add(target.Part);
            reasons.Add(why);
        }
        if (folders.Asked is { } asked && PreparedEntry.WhyNotPreparable(asked, target, _trust) is null)
            Volatile.Write(ref _isMissing, true);
        // Of a split plan, what has no weights is not missed: the other segments are prepared.
        if (segment.IsWhole || !_weightless.Contains(target.Part))
            Say(segment.Name, string.Join("; ", reasons));
        return null;
    }

    // Beside the model nothing is ever written.
    private void Renew(PreparedEntry entry)
    {
        if (entry.Renewed is null || entry.Within != folders.Asked || !options.PreparesByItself)
            return;
        try
        {
            using IDisposable? held = FolderLock.TryTake(entry.Within);
            if (held != null)
                ManifestUpdate.Renew(entry, _trust);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ListingException)
        {
            // The next start hashes everything again.
        }
    }

    // Null where the session gives what a plain one gives, else a plain one.
    private SegmentSession? Check(PreparedEntry entry, Segment segment, int threads, SegmentSession session, CancellationToken token)
    {
        string[] outputs = [.. segment.Writes.Select(static v => v.Name)];
        string why;
        Exception? failed = null;
        try
        {
            string given = RunProbe(entry, session.Unchecked, outputs, token);
            if (given == Expected(entry, segment, threads, outputs, token))
            {
                if (!entry.Manifest.Expected.ContainsKey(threads))
                    NoteUnrecorded(entry, segment, threads);
                return null;
            }
            why = "its results differ from those of the plain model";
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // The runner is disposed: nobody runs it any more.
            return null;
        }
        catch (Exception e) when (e is OnnxRuntimeException or TimeoutException or NotSupportedException or OverflowException or ArgumentException or OutOfMemoryException
            || (e as CleaveException)?.Id == Rules.SessionFailed.Id)
        {
            why = e.Message;
            failed = e;
        }
        Refuse(entry, why);
        SegmentSession plain = factory.CreatePlain(segment, threads);
        if (failed is null || IsOfEntry(failed, entry, plain, outputs, token))
            Mark(entry, why);
        TellRefused();
        return plain;
    }

    private string RunProbe(PreparedEntry entry, InferenceSession session, string[] outputs, CancellationToken token) =>
        entry.Manifest.Probe.Run(session, outputs, limit: options.ProbeLimit, token: token);

    // A request that no session can be given is the manifest's fault. What a plain session can be given, and its own session failed at, is the entry's; everything else may pass: too little
    // time, or too little memory.
    private bool IsOfEntry(Exception failed, PreparedEntry entry, SegmentSession plain, string[] outputs, CancellationToken token)
    {
        if (failed is not OnnxRuntimeException)
            return failed is NotSupportedException or OverflowException or ArgumentException;
        try
        {
            RunProbe(entry, plain.Session, outputs, token);
            return true;
        }
        catch (Exception e) when (e is OnnxRuntimeException or TimeoutException or OperationCanceledException or OutOfMemoryException)
        {
            return false;
        }
    }

    // By the number that was asked for, as it was recorded: where ConfigureSession chooses another, it does so for the plain session, too.
    private string Expected(PreparedEntry entry, Segment segment, int threads, string[] outputs, CancellationToken token)
    {
        if (entry.Manifest.Expected.TryGetValue(threads, out string? recorded))
            return recorded;
        // Nothing was recorded for so many threads: a plain session says what is right, once for all instances.
        Comparison comparison = _comparisons.GetOrAdd((entry, threads), static _ => new Comparison());
        comparison.Turn.Wait(token);
        try
        {
            if (comparison.Expected is null)
            {
                using SegmentSession plain = factory.CreatePlain(segment, threads);
                comparison.Expected = RunProbe(entry, plain.Session, outputs, token);
            }
            return comparison.Expected;
        }
        finally
        {
            comparison.Turn.Release();
        }
    }

    // A start by it is slower than a plain one: the entry is given what it lacks.
    private void NoteUnrecorded(PreparedEntry entry, Segment segment, int threads)
    {
        lock (_said)
        {
            if (!_said.Add(entry.Folder + " " + threads))
                return;
        }
        Log.PreparedForOtherThreads(logger, model, segment.Name, entry.Folder, threads);
        if (entry.Within != folders.Asked)
            return;
        if (entry.WhyNotExtendable is { } why)
        {
            if (options.PreparesByItself)
                Log.NotPrepares(logger, model, entry.Within, why);
            return;
        }
        lock (_said)
            _unrecorded.Add((entry.Manifest.Target.Part, threads));
        Volatile.Write(ref _isMissing, true);
        TellRefused();
    }

    // Nobody is told yet while the engine opens: then it looks, once it can be told, at what is missing. With a full fence, so that one of the two sees what the other wrote.
    private void TellRefused()
    {
        Interlocked.MemoryBarrier();
        Refused?.Invoke();
    }

    // Beside the model nothing is ever written. Marked first: what is missing is prepared at once, unless a good entry is there.
    private void Mark(PreparedEntry entry, string why)
    {
        if (entry.Within == folders.Asked)
            entry.TryMark(why);
        Volatile.Write(ref _isMissing, true);
    }

    // False where it was refused before.
    private bool Refuse(PreparedEntry entry, string why)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(entry.Manifest.Target.Part, out PreparedEntry? now) || now != entry)
                return false;
            _entries[entry.Manifest.Target.Part] = null;
        }
        // Now: what is prepared next takes the place of its folder. A session that is made from it at this moment is refused, too.
        entry.Dispose();
        Log.PreparedFailed(logger, entry.Folder, model, why, entry.Manifest.Target.Processor, CpuSignature.Of() ?? "unknown");
        return true;
    }

    private void Say(string segment, string why)
    {
        lock (_said)
        {
            if (!_said.Add(why))
                return;
        }
        Log.NotPrepared(logger, model, segment, why);
    }

    // One plain session at a time says what is right.
    private sealed class Comparison
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public string? Expected { get; set; }
    }
}
