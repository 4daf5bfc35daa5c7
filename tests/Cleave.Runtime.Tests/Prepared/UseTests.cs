using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>A runner that finds what was prepared for it.</summary>
public sealed class UseTests
{
    [Fact]
    public void A_prepared_model_gives_the_same_bits_and_the_log_says_so()
    {
        using PreparedModel model = new();
        PreparedSegment segment = Assert.Single(model.Prepare());
        Assert.Null(segment.WhyNot);
        Assert.True(segment.IsNew);
        Assert.True(segment.Damage.Noticed > 0);
        using LooseRunner runner = model.Open();
        Assert.True(PreparedModel.IsPrepared(runner));
        Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
        Assert.Contains(", prepared, ", Assert.Single(model.Logger.Lines));
    }

    [Fact]
    public void A_runner_with_a_name_of_its_own_uses_it_too()
    {
        using PreparedModel model = new();
        model.Prepare();
        using LooseRunner runner = model.Open(static o => o.Name = "another");
        Assert.True(PreparedModel.IsPrepared(runner));
    }

    [Fact]
    public void What_is_prepared_is_not_prepared_again()
    {
        using PreparedModel model = new();
        model.Prepare();
        DateTime before = File.GetLastWriteTimeUtc(model.Manifest);
        Assert.False(Assert.Single(model.Prepare()).IsNew);
        Assert.Equal(before, File.GetLastWriteTimeUtc(model.Manifest));
    }

    [Fact]
    public void Nothing_is_written_by_a_runner_that_only_uses_it()
    {
        using PreparedModel model = new();
        model.Prepare();
        string[] before = Files(model);
        using (model.Open())
        {
        }
        Assert.Equal(before, Files(model));

        static string[] Files(PreparedModel model) =>
            [.. Directory.GetFiles(model.Folder, "*", SearchOption.AllDirectories).Select(f => f + " " + File.GetLastWriteTimeUtc(f).Ticks).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void The_segments_of_a_split_plan_are_prepared_each()
    {
        // The lanes of the other tests' towers are too narrow: weights of a kilobyte and more are worth a file.
        using PreparedModel model = new(Towers.Model(), static () =>
        {
            ModelDefinition plain = Definitions.Of(Towers.Model());
            return [new(1, Definitions.Whole(plain.Inputs, plain.Outputs), 1), new(2, Towers.Plan, 1, 1)];
        });
        PreparedSegment[] segments = [.. model.Prepare(new RunnerOptions { Plan = PlanChoice.Split }, cores: 2)];
        Assert.Equal(["Left", "Right", "Join"], segments.Select(s => s.Segment));
        Assert.Equal([null, null, "it has no weights of a kilobyte or more"], segments.Select(s => s.WhyNot));
        using LooseRunner runner = model.Open(o =>
        {
            o.Plan = PlanChoice.Split;
            o.Cores = null;
            o.Ledger = Ledgers.Own(2);
        });
        Assert.Equal(["prepared", "prepared", "sliced"], runner.Engine.Plan.Sessions.Select(s => s.Way));
        Assert.DoesNotContain(model.Logger.Lines, static l => l.Contains("plainly"));
        // Another Cleave may cut it in another way.
        Assert.All(model.Entries, e => Assert.Contains(", sliced by Cleave ", PreparedManifest.Read(File.ReadAllBytes(Path.Combine(e, PreparedManifest.FileName))).Target.Configuration));
        using LooseRunner plain = Towers.Runner(new RunnerOptions { Plan = PlanChoice.Split, Ledger = Ledgers.Own(2) });
        Assert.Equal(PreparedModel.Run(plain, 16), PreparedModel.Run(runner, 16));
    }

    [Fact]
    public void Threads_that_nothing_was_recorded_of_are_compared_with_a_plain_session()
    {
        using PreparedModel model = new();
        model.Prepare();
        model.Rewrite(m => m with { Expected = m.Expected.ToDictionary(e => e.Key + 6, e => "of other threads") });
        using LooseRunner runner = model.Open();
        Assert.True(PreparedModel.IsPrepared(runner));
        Assert.Contains("says nothing of the thread count 1", Assert.Single(model.Logger.Lines, static l => l.Contains("with a plain session")));
    }

    /// <summary>Its files stay as they are: they may be mapped.</summary>
    [Fact]
    public void Threads_that_an_entry_lacks_are_added_to_it()
    {
        using PreparedModel model = new();
        model.Prepare();
        DateTime before = File.GetLastWriteTimeUtc(model.Weights);
        IReadOnlyDictionary<int, string> recorded = PreparedManifest.Read(File.ReadAllBytes(model.Manifest)).Expected;
        model.Rewrite(m => m with { Expected = m.Expected.ToDictionary(e => e.Key + 6, e => e.Value) });
        PreparedSegment segment = Assert.Single(model.Prepare());
        Assert.True(segment.IsNew);
        Assert.Null(segment.WhyNot);
        PreparedManifest now = PreparedManifest.Read(File.ReadAllBytes(model.Manifest));
        Assert.Equal([1, 7], now.Expected.Keys.Order());
        Assert.Equal(recorded[1], now.Expected[1]);
        Assert.Equal(before, File.GetLastWriteTimeUtc(model.Weights));
        Assert.Empty(Directory.GetFiles(model.Folder, "*" + Attempts.Ending));
        Assert.False(Assert.Single(model.Prepare()).IsNew);
        using LooseRunner runner = model.Open();
        Assert.True(PreparedModel.IsPrepared(runner));
        Assert.DoesNotContain(model.Logger.Lines, static l => l.Contains("with a plain session"));
    }

    [Fact]
    public async Task A_runner_adds_the_threads_that_it_has()
    {
        using PreparedModel model = new();
        model.Prepare();
        model.Rewrite(m => m with { Expected = m.Expected.ToDictionary(e => e.Key + 6, e => e.Value) });
        using (LooseRunner runner = model.Open(static o => (o.PreparesByItself, o.PreparationWait) = (true, static (_, _) => { })))
        {
            Assert.True(PreparedModel.IsPrepared(runner));
            await runner.Engine.Preparing.Ended;
            Assert.True(PreparedModel.IsPrepared(runner));
        }
        Assert.Equal([1, 7], PreparedManifest.Read(File.ReadAllBytes(model.Manifest)).Expected.Keys.Order());
        Assert.Empty(model.Logger.Warnings);
    }

    /// <summary>No request may be the first to hear of it.</summary>
    [Fact]
    public async Task A_reload_whose_prepared_sessions_are_wrong_and_no_plain_ones_can_be_made_fails()
    {
        bool fails = false;
        RunnerOptions configured = new()
        {
            PreparedKey = "fails",
            ConfigureSession = (_, _) =>
            {
                if (Volatile.Read(ref fails) && Thread.CurrentThread.Name is { } name && name.EndsWith(" check", StringComparison.Ordinal))
                    throw new CleaveException("CLV4007", "not now");
            },
        };
        using PreparedModel model = new();
        model.Prepare(configured);
        model.Rewrite(static m => m with { Expected = m.Expected.ToDictionary(static e => e.Key, static _ => new string('0', 64)) });
        using LooseRunner runner = model.Open(o =>
        {
            o.Model = ModelSource.Bytes(Models.Toy(PreparedModel.Width, seed: 5).ToByteArray());
            (o.PreparedKey, o.ConfigureSession) = (configured.PreparedKey, configured.ConfigureSession);
        });
        Volatile.Write(ref fails, true);
        Assert.Contains("not now", (await Assert.ThrowsAsync<CleaveException>(() => runner.ReloadAsync(ModelSource.File(model.Path)))).Message);
        Assert.NotEqual(model.Plainly(), PreparedModel.Run(runner));
    }

    /// <summary>Copied, as into an image: the times and inodes are others.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Files_that_were_moved_are_hashed_once(bool byTool)
    {
        using PreparedModel model = new();
        model.Prepare();
        foreach (string path in new[] { model.Path, model.Weights })
        {
            File.Copy(path, path + ".copy");
            File.SetLastWriteTimeUtc(path + ".copy", new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
            File.Move(path + ".copy", path, overwrite: true);
        }
        PreparedManifest before = PreparedManifest.Read(File.ReadAllBytes(model.Manifest));
        UnixFileMode mode = Mode();
        if (byTool)
        {
            Assert.False(Assert.Single(model.Prepare()).IsNew);
        }
        else
        {
            using (LooseRunner looks = model.Open())
                Assert.True(PreparedModel.IsPrepared(looks));
            Assert.Equal(before.Files, PreparedManifest.Read(File.ReadAllBytes(model.Manifest)).Files);
            using LooseRunner runner = model.Open(static o => o.PreparesByItself = true);
            Assert.True(PreparedModel.IsPrepared(runner));
        }
        PreparedManifest now = PreparedManifest.Read(File.ReadAllBytes(model.Manifest));
        Assert.Equal([ModelWeights.Describe(model.Path, ""), .. before.Sources], now.Sources);
        Assert.Equal(ModelWeights.Describe(model.Weights, before.File(PreparedManifest.WeightsFile)!.Hash), now.File(PreparedManifest.WeightsFile));
        Assert.Equal(before.File(PreparedManifest.GraphFile), now.File(PreparedManifest.GraphFile));
        Assert.Equal(mode, Mode());
        using LooseRunner next = model.Open();
        Assert.True(PreparedModel.IsPrepared(next));

        UnixFileMode Mode() => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(model.Manifest);
    }

    [Fact]
    public void Copies_of_a_model_that_have_one_folder_are_hashed_once_each()
    {
        using PreparedModel model = new();
        model.Prepare();
        string copy = Path.Combine(Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(model.Path)!, "copy")).FullName, Path.GetFileName(model.Path));
        File.Copy(model.Path, copy);
        File.SetLastWriteTimeUtc(copy, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        byte[] before = File.ReadAllBytes(model.Manifest);
        Start(copy);
        byte[] now = File.ReadAllBytes(model.Manifest);
        Assert.NotEqual(before, now);
        foreach (string path in new[] { model.Path, copy })
        {
            Start(path);
            Assert.Equal(now, File.ReadAllBytes(model.Manifest));
        }

        void Start(string path)
        {
            using LooseRunner runner = model.Open(o => (o.Model, o.PreparesByItself) = (ModelSource.File(path), true));
            Assert.True(PreparedModel.IsPrepared(runner));
        }
    }

    [Fact]
    public void The_folder_beside_the_model_is_read_without_being_asked_for()
    {
        using PreparedModel model = new();
        model.Prepare(folder: Path.Combine(Path.GetDirectoryName(model.Path)!, PreparedFolders.BesideName));
        using LooseRunner runner = model.Open(o => o.Prepared = null);
        Assert.True(PreparedModel.IsPrepared(runner));
        // The one that was asked for comes first, where there is nothing.
        using LooseRunner asked = model.Open();
        Assert.True(PreparedModel.IsPrepared(asked));
    }

    [Fact]
    public void Prepared_weights_count_once_against_the_memory_limit_however_many_sessions_map_them()
    {
        using PreparedModel model = new();
        model.Prepare();
        long mapped = new FileInfo(model.Weights).Length;
        using LooseRunner runner = model.Open(o => o.MaxMemory = mapped);
        Assert.True(PreparedModel.IsPrepared(runner));
        Assert.Equal(mapped, runner.Engine.Modes.Memory.Taken);
        Assert.Equal(0, runner.Engine.Sessions.Factory.EstimatedBytes(runner.Engine.Plan.Outline.Plan));
        using LooseRunner plain = model.Open(o => o.Prepared = null);
        Assert.True(plain.Engine.Sessions.Factory.EstimatedBytes(plain.Engine.Plan.Outline.Plan) >= mapped);
        Assert.Equal(plain.Engine.Modes.Memory.Taken, plain.Engine.Sessions.Factory.EstimatedBytes(plain.Engine.Plan.Outline.Plan));
    }

    [Fact]
    public void The_order_of_folders_is_option_environment_beside()
    {
        using TempFolder folder = new();
        string model = folder["model.onnx"], beside = Directory.CreateDirectory(folder["prepared"]).FullName;
        Assert.Equal(["/option", beside], PreparedFolders.Of("/option", "/variable", model).All);
        Assert.Equal(["/variable", beside], PreparedFolders.Of(null, "/variable", model).All);
        Assert.Equal([beside], PreparedFolders.Of(null, " ", model).All);
        Assert.Equal([beside], PreparedFolders.Of(beside, null, model).All);
        Assert.Equal([Path.Combine(AppContext.BaseDirectory, "relative"), beside], PreparedFolders.Of("relative", "/variable", model).All);
        Assert.Equal([beside], PreparedFolders.Of("", "/variable", model).All);
        // A decrypted model goes to a disk only where its code says so.
        Assert.Empty(PreparedFolders.Of(null, "/variable", null).All);
        Assert.Equal(["/option"], PreparedFolders.Of("/option", "/variable", null).All);
        Directory.Delete(beside);
        Assert.Empty(PreparedFolders.Of(null, null, model).All);
    }

    [Fact]
    public void A_model_in_memory_is_used_where_code_asks_for_it()
    {
        using PreparedModel model = new();
        byte[] bytes = File.ReadAllBytes(model.Path);
        model.Prepare(new RunnerOptions { Model = ModelSource.Bytes(bytes) });
        using LooseRunner runner = model.Open(o => o.Model = ModelSource.Bytes(bytes));
        Assert.True(PreparedModel.IsPrepared(runner));
        Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
        // Its weights have no file whose time says that nothing changed, so all of them count: the last byte but some of the second weight.
        byte[] other = [.. bytes];
        other[bytes.AsSpan().LastIndexOf("w2"u8) + 500] ^= 0x01;
        using LooseRunner changed = model.Open(o => o.Model = ModelSource.Bytes(other));
        Assert.False(PreparedModel.IsPrepared(changed));
    }

    [Fact]
    public void ConfigureSession_needs_a_key_which_is_compared()
    {
        using PreparedModel model = new();
        static void Configure(SessionOptions options, SegmentInfo segment) => options.AddSessionConfigEntry("session.set_denormal_as_zero", "1");
        Assert.Contains("PreparedKey", Assert.Single(model.Prepare(new RunnerOptions { ConfigureSession = Configure })).WhyNot);
        model.AssertPlain("PreparedKey", o => o.ConfigureSession = Configure);
        Assert.Null(Assert.Single(model.Prepare(new RunnerOptions { ConfigureSession = Configure, PreparedKey = "denormals" })).WhyNot);
        using (LooseRunner runner = model.Open(Keyed("denormals")))
            Assert.True(PreparedModel.IsPrepared(runner));
        using (LooseRunner runner = model.Open(Keyed("else")))
            Assert.False(PreparedModel.IsPrepared(runner));
        Assert.Contains("another configuration", model.Logger.Lines[^2]);

        static Action<RunnerOptions> Keyed(string key) => o =>
        {
            o.ConfigureSession = Configure;
            o.PreparedKey = key;
        };
    }

    [Fact]
    public void What_the_hook_says_of_optimisations_counts_for_plain_sessions_only()
    {
        using PreparedModel model = new();
        List<SessionOptions> seen = [];
        RunnerOptions hooked = new()
        {
            PreparedKey = "optimises",
            ConfigureSession = (options, _) =>
            {
                options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_EXTENDED;
                seen.Add(options);
            },
        };
        model.Prepare(hooked);
        Assert.Equal(GraphOptimizationLevel.ORT_DISABLE_ALL, LevelOf(model.Folder, isPrepared: true));
        Assert.Equal(GraphOptimizationLevel.ORT_ENABLE_EXTENDED, LevelOf("", isPrepared: false));

        GraphOptimizationLevel LevelOf(string folder, bool isPrepared)
        {
            seen.Clear();
            using LooseRunner runner = model.Open(o => (o.Prepared, o.PreparedKey, o.ConfigureSession) = (folder, hooked.PreparedKey, hooked.ConfigureSession));
            Assert.Equal(isPrepared, PreparedModel.IsPrepared(runner));
            return Assert.Single(seen).GraphOptimizationLevel;
        }
    }

    [Fact]
    public async Task A_reload_to_other_weights_opens_them_plainly()
    {
        using PreparedModel model = new();
        model.Prepare();
        using LooseRunner runner = model.Open();
        float[] old = PreparedModel.Run(runner);
        await runner.ReloadAsync(ModelSource.Bytes(Models.Toy(PreparedModel.Width, seed: 9).ToByteArray()));
        Assert.False(PreparedModel.IsPrepared(runner));
        Assert.NotEqual(old, PreparedModel.Run(runner));
        await runner.ReloadAsync(ModelSource.File(model.Path));
        Assert.True(PreparedModel.IsPrepared(runner));
        Assert.Equal(old, PreparedModel.Run(runner));
    }
}
