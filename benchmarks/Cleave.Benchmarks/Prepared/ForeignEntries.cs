using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Generator.Model;
using Cleave.Modes;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.Sessions;
using Cleave.Sources;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cleave.Benchmarks.Prepared;

/// <summary>Entries that must not be used: made for something else, or damaged. The tests start them on other processors, too.</summary>
internal sealed class ForeignEntries : IFamily
{
    private const string Model = "light_squeezenet_random";
    private const int Places = 200;
    private const int Seed = 5;

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        const string foreign = "entries for another processor, ONNX Runtime, library, configuration, graph or weights, and each byte of the manifest damaged: used";
        (string _, PreparedCase? found, string why) = PreparedCase.Of([Model]).Single();
        if (found is not { } prepared)
        {
            yield return Line.NotMeasured(foreign, "none", why);
            yield break;
        }
        using OpenedEntry entry = new(prepared);
        (int tried, int used) = Foreign(entry);
        yield return Line.Of(foreign, "none", $"{used} of {tried}; their weights were never opened", used == 0, new { tried, used });

        (int files, int truncated) = Truncated(entry);
        yield return Line.Of("the graph or the weights truncated: used", "none", $"{truncated} of {files}", truncated == 0, new { files, truncated });

        (int services, int other) = Served(entry, prepared);
        yield return Line.Of("runners that are given such entries: another answer than a plain one's", "none", $"{other} of {services}", other == 0, new { services, other });

        (int places, int digest, int probe, int check) = Changed(entry, options.Quick ? 5 : Places);
        yield return Line.Of($"one byte of the weights changed, its time kept, at {places} random places: found by cleave prepare --check", "all", $"{check}", check == places, new { places, check });
        yield return Line.Shown("the same: found at a start", $"{digest} by the digest of the tensors' edges, {probe} by the recorded request, {places - digest - probe} not", new { digest, probe });
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    // Without the file of the weights: whatever were used would come to look for it.
    private static (int Tried, int Used) Foreign(OpenedEntry entry)
    {
        string weights = Path.Combine(entry.Path, PreparedManifest.WeightsFile), hidden = weights + ".hidden";
        File.Move(weights, hidden);
        if (IsPutOff(entry))
            throw new InvalidOperationException("what is to be put off is so before it is changed: nothing could be seen");
        int tried = 0, used = 0;
        PreparedTarget target = entry.Manifest.Target;
        foreach (PreparedTarget other in Others(target))
        {
            tried++;
            File.WriteAllBytes(entry.ManifestPath, (entry.Manifest with { Target = other }).Write());
            used += IsPutOff(entry) ? 0 : 1;
        }
        byte[] whole = entry.Manifest.Write();
        for (int i = 0; i < whole.Length; i++)
        {
            tried++;
            byte[] damaged = [.. whole];
            damaged[i] ^= 0x10;
            File.WriteAllBytes(entry.ManifestPath, damaged);
            used += IsPutOff(entry) ? 0 : 1;
        }
        File.WriteAllBytes(entry.ManifestPath, whole);
        File.Move(hidden, weights);
        return (tried, used);
    }

    private static PreparedTarget[] Others(PreparedTarget target) =>
    [
        target with { Processor = "another" }, target with { OnnxRuntime = "1.0.0" }, target with { Library = "another" },
        target with { Configuration = "another" }, target with { Graph = "another" }, target with { Weights = "another" }, target with { Part = "another" },
    ];

    private static (int Tried, int Used) Truncated(OpenedEntry entry)
    {
        int tried = 0, used = 0;
        foreach (Action damage in Truncations(entry))
        {
            tried++;
            damage();
            using (PreparedEntry? opened = entry.Open(out _))
                used += opened is null ? 0 : 1;
            entry.Restore();
        }
        return (tried, used);
    }

    // To nothing, to the half, by the last byte.
    private static IEnumerable<Action> Truncations(OpenedEntry entry) =>
        from file in entry.Manifest.Files
        from length in new[] { 0, file.Length / 2, file.Length - 1 }
        select (Action)(() =>
        {
            using FileStream stream = new(Path.Combine(entry.Path, file.Name), FileMode.Open, FileAccess.Write);
            stream.SetLength(length);
        });

    // Whether a runner says what one without any entry says, bit by bit.
    private static (int Services, int Other) Served(OpenedEntry entry, PreparedCase prepared)
    {
        byte[] manifest = entry.Manifest.Write();
        Action[] damages =
        [
            .. Others(entry.Manifest.Target).Select(other => (Action)(() => File.WriteAllBytes(entry.ManifestPath, (entry.Manifest with { Target = other }).Write()))),
            () => File.WriteAllBytes(entry.ManifestPath, manifest[..(manifest.Length / 2)]),
            .. Truncations(entry),
        ];
        float[] expected = Answer(prepared, null);
        int other = 0;
        foreach (Action damage in damages)
        {
            damage();
            other += Answer(prepared, entry.Root).AsSpan().SequenceEqual(expected) ? 0 : 1;
            entry.Restore();
        }
        return (damages.Length, other);
    }

    private static float[] Answer(PreparedCase prepared, string? folder)
    {
        (Func<LooseRunner> create, RequestInputs inputs) = PreparedCase.Runner(prepared.Arguments, folder);
        using LooseRunner runner = create();
        using LooseOutput output = runner.Run(runner.NewRequest(inputs));
        return output.Get<float>(0).ToArray();
    }

    // By what its manifest says, before any file that it names is opened.
    private static bool IsPutOff(OpenedEntry entry)
    {
        using PreparedEntry? opened = entry.Open(out string why);
        return opened is null && (why.Contains(" is damaged: ", StringComparison.Ordinal) || why.StartsWith("it was prepared for ", StringComparison.Ordinal));
    }

    private static (int Places, int Digest, int Probe, int Check) Changed(OpenedEntry entry, int places)
    {
        string weights = Path.Combine(entry.Path, PreparedManifest.WeightsFile);
        DateTime time = File.GetLastWriteTimeUtc(weights);
        entry.Keep(time);
        Random random = new(Seed);
        int digest = 0, probe = 0, check = 0;
        for (int i = 0; i < places; i++)
        {
            long at = random.NextInt64(new FileInfo(weights).Length);
            Flip(weights, at, time);
            if (PreparedEntry.Damage(entry.Path, entry.Manifest) != null)
                check++;
            switch (entry.Start())
            {
                case null:
                    digest++;
                    break;
                case false:
                    probe++;
                    break;
                default:
                    break;
            }
            Flip(weights, at, time);
        }
        return (places, digest, probe, check);
    }

    private static void Flip(string path, long at, DateTime time)
    {
        using (FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = at;
            int value = file.ReadByte();
            file.Position = at;
            file.WriteByte((byte)(value ^ 0x40));
        }
        File.SetLastWriteTimeUtc(path, time);
    }

    // A copy of an entry that may be changed, and the model that it is for.
    private sealed class OpenedEntry : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cleave-foreign-");
        private readonly OpenedModel _model;
        private readonly SessionFactory _factory;
        private readonly Segment _segment;
        private readonly string _from;

        public OpenedEntry(PreparedCase prepared)
        {
            _from = Directory.GetDirectories(prepared.Folder).Single();
            Path = Directory.CreateDirectory(System.IO.Path.Combine(_folder.FullName, System.IO.Path.GetFileName(_from))).FullName;
            Restore();
            Manifest = PreparedManifest.Read(File.ReadAllBytes(ManifestPath));
            RunnerSpec spec = LooseDefinition.SpecOf(prepared.Arguments[0], ModelReader.ReadFile(prepared.Arguments[0]), new ListingOptions { Dims = BenchWorkloads.Dims(prepared.Arguments) });
            ModelDefinition definition = LooseDefinition.Of(spec);
            RunnerOptions options = new() { Model = ModelSource.File(prepared.Arguments[0]) };
            _model = OpenedModel.Open(definition, options);
            _factory = new SessionFactory(_model, definition, options, isMember: false, ProcessFiles.System, NullLogger.Instance);
            _segment = SegmentToPrepare.Of(definition, ModeList.Of(definition, options, Contest.Cores, _factory.Slicing, tuned: null).Modes, _factory).Single().Segment;
        }

        // The folder that a runner is given.
        public string Root => _folder.FullName;

        public string Path { get; }

        public string ManifestPath => System.IO.Path.Combine(Path, PreparedManifest.FileName);

        public PreparedManifest Manifest { get; private set; }

        // As it was prepared.
        public void Restore()
        {
            foreach (string file in Directory.GetFiles(_from))
                File.Copy(file, System.IO.Path.Combine(Path, System.IO.Path.GetFileName(file)), overwrite: true);
        }

        // The copy's time is what it was prepared with.
        public void Keep(DateTime time)
        {
            string weights = System.IO.Path.Combine(Path, PreparedManifest.WeightsFile);
            File.SetLastWriteTimeUtc(weights, time);
            FileIdentity identity = FileIdentity.Of(weights)!.Value;
            Manifest = Manifest with
            {
                Files = [.. Manifest.Files.Select(f => f.Name == PreparedManifest.WeightsFile ? f with { WrittenTicks = identity.WrittenTicks, Inode = unchecked((long)identity.Inode) } : f)],
            };
            File.WriteAllBytes(ManifestPath, Manifest.Write());
        }

        public PreparedEntry? Open(out string why)
        {
            PreparedTarget target = _factory.Targets.Of(_segment, _factory.Slices(_segment), out why)!;
            return PreparedEntry.Open(_folder.FullName, target, _factory.ModelWeights, new FolderTrust(false), out why);
        }

        // Null: not opened. Else whether the recorded request gave what it should.
        public bool? Start()
        {
            using PreparedEntry? opened = Open(out _);
            if (opened is null)
                return null;
            int threads = opened.Manifest.Expected.Keys.Min();
            try
            {
                using SegmentSession session = _factory.CreatePrepared(_segment, threads, opened.Graph, opened.Folder, isSilent: true);
                return opened.Manifest.Probe.Run(session.Session, [.. _segment.Writes.Select(static w => w.Name)]) == opened.Manifest.Expected[threads];
            }
            catch (CleaveException)
            {
                // ONNX Runtime refuses it: noticed.
                return false;
            }
        }

        public void Dispose()
        {
            _factory.Dispose();
            _model.Dispose();
            _folder.Delete(recursive: true);
        }
    }
}
