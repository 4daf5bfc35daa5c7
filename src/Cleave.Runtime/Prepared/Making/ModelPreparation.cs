using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Listing;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Plans;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Prepared.Making;

/// <summary>How a model is prepared.</summary>
/// <param name="IsForAll">Whether all users may read what is written; else its owner only.</param>
/// <param name="IsAsked">Asked for by a person: earlier attempts do not count.</param>
/// <param name="MostBytes">The most bytes that the folder may hold then; null: any number.</param>
/// <param name="At">Told what was done, before the next step: it may wait, or end it by an exception.</param>
internal sealed record PreparationOptions(bool IsForAll, bool IsAsked, long? MostBytes, Action<string> At)
{
    /// <summary>The same, where a copy of the weights is held meanwhile: it may wait, but not for long.</summary>
    public Action<string> AtHolding { get; init; } = At;

    /// <summary>Takes the folder for this preparation alone; null where another one keeps it.</summary>
    public Func<string, IDisposable?> Take { get; init; } = FolderLock.TryTake;

    /// <summary>Asked before something is made: why it is not to be, now; null where it is.</summary>
    public Func<string?> WhyNotNow { get; init; } = static () => null;

    /// <summary>How long a request that is compared may take.</summary>
    public TimeSpan ProbeLimit { get; init; } = new RunnerOptions().ProbeLimit;
}

/// <summary>What became of one segment.</summary>
/// <param name="Segment">Its name.</param>
/// <param name="Entry">The name of its folder.</param>
/// <param name="Bytes">What the folder holds; 0 where nothing was prepared.</param>
/// <param name="Damage">How many weights were damaged, and how many of them the probe noticed.</param>
/// <param name="WhyNot">Why it is opened plainly; null where it is prepared.</param>
/// <param name="IsNew">Whether it was made now.</param>
internal sealed record PreparedSegment(string Segment, string Entry, long Bytes, (int Damaged, int Noticed) Damage, string? WhyNot, bool IsNew);

/// <summary>Prepares the segments of all plans that a runner may run here. The model stays open meanwhile.</summary>
/// <param name="factory">Makes the sessions.</param>
/// <param name="definition">The model.</param>
/// <param name="modes">The runner's modes.</param>
/// <param name="trust">Whose folders are used.</param>
/// <param name="how">How it is done.</param>
internal sealed class ModelPreparation(SessionFactory factory, ModelDefinition definition, IReadOnlyList<ChosenPlan> modes, FolderTrust trust, PreparationOptions how)
{
    // Of the size of the weights: the raw and the packed ones, and a copy of both that is damaged.
    private const int DiskFactor = 4;

    /// <summary>What may be written, about: the weights, twice where kernels read a packed copy beside the raw one.</summary>
    public long EstimatedBytes => 2 * factory.SessionWeightBytes;

    /// <summary>Prepares what is not prepared yet.</summary>
    /// <param name="folder">The folder of all entries; made where there is none.</param>
    /// <exception cref="IOException">The folder cannot be written to, is not to be trusted, or another process prepares into it.</exception>
    /// <exception cref="CleaveException">The model's file changed, or ONNX Runtime refuses it.</exception>
    public IReadOnlyList<PreparedSegment> Run(string folder)
    {
        EntryWriter.MakeFolder(folder, how.IsForAll);
        if (trust.WhyNot(folder) is { } why)
            throw new IOException(why);
        using IDisposable held = how.Take(folder) ?? throw new IOException("another process prepares into " + folder);
        Housekeeping.DeleteUnfinished(folder);
        IReadOnlyList<SegmentToPrepare> segments = SegmentToPrepare.Of(definition, modes, factory);
        Dictionary<PlanOutline, IReadOnlyList<PreparedSample>> samples = [];
        List<PreparedSegment> done = [];
        foreach (SegmentToPrepare segment in segments)
            done.Add(Prepare(folder, segment, () => SamplesOf(segment, samples)));
        return done;
    }

    private PreparedSegment Prepare(string folder, SegmentToPrepare segment, Func<IReadOnlyList<(Probe, int)>> samples)
    {
        string name = segment.Segment.Name;
        if (factory.Targets.Of(segment.Segment, factory.Slices(segment.Segment), out string why) is not { } target)
            return new PreparedSegment(name, "", 0, default, why, false);
        using PreparedEntry? entry = PreparedEntry.Open(folder, target, factory.ModelWeights, trust, out why);
        if (entry != null)
            Renew(entry);
        if (entry != null && segment.Threads.IsSubsetOf(entry.Manifest.Expected.Keys))
            return new PreparedSegment(name, target.FolderName, Housekeeping.Bytes(entry.Folder), entry.Manifest.Damage, null, false);
        if ((entry is null ? PreparedEntry.WhyNotPreparable(folder, target, trust) : entry.WhyNotExtendable) is { } refused)
            return NotMade(segment, target, refused);
        if (!how.IsAsked && Attempts.Count(folder, target.FolderName, entry is null ? Attempts.Making : Attempts.Extending) >= Attempts.Most)
            return NotMade(segment, target, (entry is null ? "two attempts failed" : "two attempts to add thread counts to its entry failed") + "; cleave prepare --prune allows another one");
        if (how.WhyNotNow() is { } now)
            return NotMade(segment, target, now);
        if (entry != null)
            return Noted(folder, target, Attempts.Extending, () => Extend(entry, segment, samples));
        CheckSpace(folder);
        return Noted(folder, target, Attempts.Making, () => Make(folder, segment, target, samples));
    }

    private void Renew(PreparedEntry entry)
    {
        try
        {
            ManifestUpdate.Renew(entry, trust);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ListingException)
        {
            // It is good as it is: starts hash the files again.
        }
    }

    private static PreparedSegment NotMade(SegmentToPrepare segment, PreparedTarget target, string why) => new(segment.Segment.Name, target.FolderName, 0, default, why, false);

    private PreparedSegment Noted(string folder, PreparedTarget target, string kind, Func<PreparedSegment> make)
    {
        Attempts.Add(folder, target.FolderName, kind);
        try
        {
            how.At("attempt noted");
            return make();
        }
        catch (OperationCanceledException)
        {
            // Nothing was wrong with it.
            Attempts.TakeBack(folder, target.FolderName);
            throw;
        }
    }

    // What more threads give, into an entry that is good for fewer: its files may be mapped, and stay.
    private PreparedSegment Extend(PreparedEntry entry, SegmentToPrepare segment, Func<IReadOnlyList<(Probe, int)>> samples)
    {
        PreparedTarget target = entry.Manifest.Target;
        try
        {
            // The recorded request first: its result is the one that is recorded.
            SegmentPreparer preparer = new(factory, factory.ModelWeights, segment, [(entry.Manifest.Probe, 0), .. samples()], how);
            IReadOnlyDictionary<int, string> more = preparer.Compare(entry, [.. segment.Threads.Except(entry.Manifest.Expected.Keys)]);
            if (!ManifestUpdate.Extend(entry, trust, more))
            {
                // Nothing was wrong with this one.
                Attempts.TakeBack(entry.Within, target.FolderName);
                return NotMade(segment, target, "another entry took its place meanwhile");
            }
        }
        catch (Exception e) when (e is NotPreparableException or TimeoutException or OnnxRuntimeException or OutOfMemoryException)
        {
            return NotMade(segment, target, "the entry does not serve for more threads: " + e.Message);
        }
        if (how.IsAsked)
            Attempts.Forget(entry.Within, target.FolderName);
        else
            Attempts.Forget(entry.Within, target.FolderName, Attempts.Extending);
        return new PreparedSegment(segment.Segment.Name, target.FolderName, Housekeeping.Bytes(entry.Folder), entry.Manifest.Damage, null, true);
    }

    private PreparedSegment Make(string folder, SegmentToPrepare segment, PreparedTarget target, Func<IReadOnlyList<(Probe, int)>> samples)
    {
        PreparedManifest manifest;
        using EntryWriter writer = new(folder, target.FolderName, how.IsForAll);
        how.At("folder made");
        try
        {
            if (UnsuitableOperators.Random(factory.Model) is { } random)
                throw new NotPreparableException("it draws random numbers (" + random + ")");
            manifest = new SegmentPreparer(factory, factory.ModelWeights, segment, samples(), how).Prepare(writer, target);
        }
        catch (Exception e) when (e is TimeoutException or OnnxRuntimeException or OutOfMemoryException)
        {
            // Another time it may go: nothing is written, and the attempt counts.
            return NotMade(segment, target, e.Message);
        }
        catch (NotPreparableException e)
        {
            foreach (string file in new[] { PreparedManifest.GraphFile, PreparedManifest.WeightsFile })
                File.Delete(writer[file]);
            manifest = new PreparedManifest { Target = target, NotPreparable = e.Message };
        }
        writer.Write(PreparedManifest.FileName, manifest.Write());
        how.At("manifest written");
        if (how.MostBytes is { } most && Housekeeping.Bytes(folder) > most)
            throw new IOException(folder + " would hold more than the " + most + " bytes that were allowed");
        writer.Commit();
        how.At("entry in place");
        if (how.IsAsked)
            Attempts.Forget(folder, target.FolderName);
        else
            Attempts.Forget(folder, target.FolderName, Attempts.Extending);
        return new PreparedSegment(
            segment.Segment.Name, target.FolderName, Housekeeping.Bytes(Path.Combine(folder, target.FolderName)), manifest.Damage, manifest.NotPreparable, true);
    }

    private IReadOnlyList<(Probe Probe, int Seed)> SamplesOf(SegmentToPrepare segment, Dictionary<PlanOutline, IReadOnlyList<PreparedSample>> known)
    {
        if (!known.TryGetValue(segment.Outline, out IReadOnlyList<PreparedSample>? samples))
        {
            known.Add(segment.Outline, samples = new PlanSamples(factory, definition, segment.Outline, how).Find());
            how.At("samples found");
        }
        int place = Array.IndexOf(segment.Outline.Plan.Segments, segment.Segment);
        return [.. samples.Select(s => (s.BySegment[place], s.Seed))];
    }

    private void CheckSpace(string folder)
    {
        if (how.MostBytes is { } most && Housekeeping.Bytes(folder) + factory.SessionWeightBytes > most)
            throw new IOException("the weights alone are more than what is left of the " + most + " bytes that " + folder + " may hold");
        long free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < DiskFactor * factory.SessionWeightBytes)
            throw new IOException("too little space is left at " + folder + ": " + free + " bytes, and preparing takes up to " + DiskFactor * factory.SessionWeightBytes);
    }
}
