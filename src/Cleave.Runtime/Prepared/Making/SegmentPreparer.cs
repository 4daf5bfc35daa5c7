using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Generated;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Prepared.Making;

/// <summary>
/// Makes the files of one segment: has ONNX Runtime write what it made of it, opens that again, and accepts it only where the results of every number of threads are those of
/// plain sessions, bit for bit, on three samples, and where damage shows in the probe. One session at a time.
/// </summary>
internal sealed class SegmentPreparer(SessionFactory factory, ModelWeights weights, SegmentToPrepare asked, IReadOnlyList<(Probe Probe, int Seed)> samples, PreparationOptions how)
{
    /// <summary>Why a segment is not prepared in which there is nothing to gain.</summary>
    public const string NoWeights = "it has no weights of a kilobyte or more";

    // Smaller tensors are copied into the graph: each outside one costs 25 µs at the opening.
    private const string SmallestOutside = "1024";

    private readonly Segment _segment = asked.Segment;
    private readonly string[] _outputs = [.. asked.Segment.Writes.Select(static v => v.Name)];

    /// <summary>Writes the graph, the weights and the manifest.</summary>
    /// <exception cref="NotPreparableException">It cannot be prepared.</exception>
    /// <exception cref="IOException">Something cannot be written.</exception>
    /// <exception cref="TimeoutException">A request took too long, here and now.</exception>
    /// <exception cref="OnnxRuntimeException">A plain session failed, or there was too little memory.</exception>
    /// <exception cref="CleaveException">A session cannot be created, as for lack of memory.</exception>
    public PreparedManifest Prepare(EntryWriter writer, PreparedTarget target)
    {
        Dictionary<int, string[]> expected = asked.Threads.ToDictionary(static t => t, PlainResults);
        how.At("plain results known");
        Dump(writer);
        how.At("weights written");
        byte[] graph = File.ReadAllBytes(writer[PreparedManifest.GraphFile]);
        foreach ((int threads, string[] results) in expected)
            Compare(threads, results, PreparedResults(threads, graph, writer.Temporary, samples));
        how.At("results compared");
        OnnxModel optimised = ReadGraph(graph);
        IReadOnlyList<PreparedRegion> regions = PreparedRegion.Of(optimised, new FileInfo(writer[PreparedManifest.WeightsFile]).Length);
        (int probe, int damaged, int noticed) = Damage(writer, graph, regions, expected.First());
        how.At("damage noticed");
        foreach (string file in new[] { PreparedManifest.GraphFile, PreparedManifest.WeightsFile })
            writer.Finish(file);
        how.At("files finished");
        IReadOnlyList<ByteRange> ranges = PreparedRegion.Ranges(regions);
        return new PreparedManifest
        {
            Target = target,
            Sources = weights.Files(),
            SourceHash = weights.Hash,
            Files = [Describe(writer[PreparedManifest.GraphFile]), Describe(writer[PreparedManifest.WeightsFile])],
            Regions = ranges,
            Edges = Edges(writer[PreparedManifest.WeightsFile], ranges),
            Damage = (damaged, noticed),
            Probe = samples[probe].Probe,
            Expected = expected.ToDictionary(static e => e.Key, e => e.Value[probe]),
        };
    }

    /// <summary>Compares an entry with plain sessions of other numbers of threads.</summary>
    /// <returns>What the first sample gives, by the number of threads.</returns>
    /// <exception cref="NotPreparableException">The results differ.</exception>
    /// <exception cref="TimeoutException">A request took too long, here and now.</exception>
    /// <exception cref="OnnxRuntimeException">A plain session failed, or there was too little memory.</exception>
    /// <exception cref="CleaveException">A session cannot be created, as for lack of memory.</exception>
    public IReadOnlyDictionary<int, string> Compare(PreparedEntry entry, IReadOnlyList<int> threads)
    {
        Dictionary<int, string> given = [];
        foreach (int count in threads)
        {
            string[] plain = PlainResults(count);
            how.At("plain results known");
            Compare(count, plain, PreparedResults(count, entry.Graph, entry.Folder, samples));
            how.At("results compared");
            given.Add(count, plain[0]);
        }
        return given;
    }

    // The first sample twice: what differs from itself cannot be compared.
    private string[] PlainResults(int threads)
    {
        using SegmentSession session = factory.CreatePlain(_segment, threads, static options => options.AddSessionConfigEntry(NodeAssignments.RecordKey, "1"));
        if (UnsuitableOperators.Elsewhere(NodeAssignments.Of(session.Session) ?? []) is { } provider)
            throw new NotPreparableException("it runs on another execution provider than ONNX Runtime's own: " + provider);
        string[] results = Results(session, samples);
        if (Results(session, [samples[0]])[0] != results[0])
            throw new NotPreparableException("two runs of it with equal inputs differ");
        return results;
    }

    private string[] PreparedResults(int threads, byte[] graph, string folder, IReadOnlyList<(Probe Probe, int Seed)> compared)
    {
        try
        {
            using SegmentSession session = factory.CreatePrepared(_segment, threads, graph, folder, isSilent: true);
            return Results(session, compared);
        }
        catch (OnnxRuntimeException e) when (!PassingTrouble.Is(e))
        {
            // A plain session just ran it.
            throw new NotPreparableException(e.Message);
        }
        catch (CleaveException e) when (e.Id == Rules.SessionFailed.Id && !PassingTrouble.Is(e))
        {
            throw new NotPreparableException("ONNX Runtime does not open what it wrote: " + (e.InnerException ?? e).Message);
        }
    }

    private string[] Results(SegmentSession session, IReadOnlyList<(Probe Probe, int Seed)> compared)
    {
        if (session.CopiesInputsWhenBound)
            throw new NotPreparableException("it runs on another device");
        try
        {
            string[] results = new string[compared.Count];
            for (int i = 0; i < results.Length; i++)
            {
                results[i] = compared[i].Probe.Run(session.Session, _outputs, compared[i].Seed, how.ProbeLimit);
                how.AtHolding("one sample run");
            }
            return results;
        }
        catch (NotSupportedException e)
        {
            throw new NotPreparableException(e.Message);
        }
    }

    private static void Compare(int threads, string[] plain, string[] prepared)
    {
        if (!plain.AsSpan().SequenceEqual(prepared))
            throw new NotPreparableException("its results differ from those of the plain model with " + threads + (threads == 1 ? " thread" : " threads"));
    }

    private void Dump(EntryWriter writer)
    {
        // Its own threads do not matter to what is written.
        factory.CreatePlain(_segment, 1, options =>
        {
            options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL;
            options.OptimizedModelFilePath = writer[PreparedManifest.GraphFile];
            options.AddSessionConfigEntry("session.optimized_model_external_initializers_file_name", PreparedManifest.WeightsFile);
            options.AddSessionConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", SmallestOutside);
            options.AddSessionConfigEntry("session.save_external_prepacked_constant_initializers", "1");
        }).Dispose();
        FileInfo data = new(writer[PreparedManifest.WeightsFile]);
        if (!data.Exists || data.Length == 0)
            throw new NotPreparableException(NoWeights);
    }

    private static OnnxModel ReadGraph(byte[] graph)
    {
        try
        {
            OnnxModel optimised = ModelReader.Read(ByteSource.FromBytes(graph, 0, graph.Length), CancellationToken.None);
            return UnsuitableOperators.Foreign(optimised) is { } foreign
                ? throw new NotPreparableException("it has an operator that is none of ONNX Runtime's on processors: " + foreign)
                : optimised;
        }
        catch (ModelException e)
        {
            throw new NotPreparableException(e.Problem.Message("what ONNX Runtime wrote"));
        }
    }

    // The first sample is the quickest; where it shows nothing of the weights (the mean over a batch of one), another one is recorded. Starts make up elements with the first one's seed.
    private (int Probe, int Damaged, int Noticed) Damage(EntryWriter writer, byte[] graph, IReadOnlyList<PreparedRegion> regions, KeyValuePair<int, string[]> expected)
    {
        string folder = Directory.CreateDirectory(writer["damaged"]).FullName, copy = Path.Combine(folder, PreparedManifest.WeightsFile);
        try
        {
            File.Copy(writer[PreparedManifest.WeightsFile], copy);
            int damaged = 0;
            for (int probe = 0; probe < samples.Count && samples[probe].Seed == samples[0].Seed; probe++)
            {
                (damaged, int noticed) = DamageTest.Run(copy, regions, expected.Value[probe], () =>
                {
                    using SegmentSession session = factory.CreatePrepared(_segment, expected.Key, graph, folder, isSilent: true);
                    return samples[probe].Probe.Run(session.Session, _outputs, samples[probe].Seed, how.ProbeLimit);
                }, how.At);
                if (noticed > 0)
                    return (probe, damaged, noticed);
            }
            throw new NotPreparableException("the probe noticed none of " + damaged + " damaged weights");
        }
        finally
        {
            // Also of an entry that says only why there is none.
            Directory.Delete(folder, recursive: true);
        }
    }

    // A file of the entry: what is missing is not the user's model.
    private static ByteSource OpenMade(string path)
    {
        try
        {
            return ByteSource.OpenFile(path);
        }
        catch (ModelException e)
        {
            throw new IOException(path + ", which was just written, cannot be read; another process that prepares the same model, without locks, may have tidied it away", e);
        }
    }

    private static PreparedFile Describe(string path)
    {
        using ByteSource source = OpenMade(path);
        return ModelWeights.Describe(path, Hashes.Of(source));
    }

    private static string Edges(string path, IReadOnlyList<ByteRange> ranges)
    {
        using ByteSource source = OpenMade(path);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Hashes.AppendEdges(hash, source, ranges);
        return Hashes.Text(hash.GetHashAndReset());
    }
}
