using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Cleave.Tuning;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Tuning;

/// <summary>What is written to tuning files and believed of them, also where several write.</summary>
public sealed class TuningStoreTests : IDisposable
{
    private static readonly TimeSpan Plenty = TimeSpan.FromMinutes(2);

    private readonly TempFolder _folder = new();
    private readonly ListLogger _logger = new();

    public TuningStoreTests() => _folder.Write("towers.onnx", Towers.Model().ToByteArray());

    private string Model => _folder["towers.onnx"];

    private string Tuned => Model + TuningFile.Ending;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Samples_of_any_rank_are_written_so_that_they_can_be_read()
    {
        string path = _folder.Write("any.onnx", Models.AnyShape().ToByteArray());
        await using LooseRunner runner = new(Definitions.Of(Models.AnyShape()), Options(path));
        TuningResult tuned = await runner.TuneAsync(Plenty, [Sample(3, 2), Sample(6)]);
        Assert.Equal(["x.rank=2,x[0]=3,x[1]=2", "x.rank=1,x[0]=6"], tuned.Requests.Select(r => r.Dimensions));
        Assert.Equal(path + TuningFile.Ending, tuned.File);
        await using LooseRunner next = new(Definitions.Of(Models.AnyShape()), Options(path));
        Assert.Empty(_logger.Warnings);
        Assert.Equal(2, next.Engine.Tuning.Known!.Requests.Count);

        static Request Sample(params int[] shape) => (ref InputBinder b) =>
        {
            b.Shape(shape);
            b.Copy<float>(0, new float[6]);
        };
    }

    /// <summary>As after other Dims, other Outputs, or with another version of Cleave: the graph is the same, and so is the name of the split.</summary>
    [Fact]
    public async Task What_was_measured_of_another_split_of_the_same_name_is_not_believed()
    {
        TunedPlan mine = Assert.Single(TunedPlans.Of(Towers.Definition()));
        Assert.Equal(mine, Assert.Single(TunedPlans.Of(Towers.Definition())));
        Segment left = new("Left", "0-3", [Towers.X], []), right = new("Right", "4", [], [Towers.Y]);
        Assert.NotEqual(mine, Assert.Single(TunedPlans.Of(Towers.Definition(new Budget(2, new Plan(mine.Name, [left, right], static _ => { }, static _ => { }), 1, 1)))));
        foreach (TunedPlan[] plans in new TunedPlan[][] { [], [mine with { Fingerprint = "another" }] })
        {
            Write(Section(new TunedRequest([], [], [new("TwoLanes", [1, 1], 100, 25), new("Whole", [2], 300, 25)])) with { Plans = plans });
            Assert.Null(Store().Load());
            Assert.Contains("tune again", _logger.Warnings[^1]);
        }
        // What was compared with the whole model stays, but for the split.
        Write(Section(new TunedRequest([], [], [new("Whole", [2], 100, 25), new("Whole", [1], 300, 25), new("TwoLanes", [1, 1], 77, 25)])) with { Plans = [] });
        await using LooseRunner runner = new(Towers.Definition(), Options(Model));
        Assert.Equal(["Whole 2", "Whole 1"], runner.Engine.Tuning.Known!.Requests[0].Times.Select(t => t.Words));
        Assert.Equal("Whole with 2 threads", runner.Engine.Modes.Planned.Words);
        Assert.True((await runner.TuneAsync(Plenty)).IsComplete);
        TuningSection section = TuningFile.Read(File.ReadAllText(Tuned)).Sections.Single();
        Assert.Equal([mine], section.Plans);
        Assert.NotEqual(77, section.Requests[0].Find("TwoLanes", [1, 1])!.Nanoseconds);
    }

    [Fact]
    public void What_could_not_be_read_again_is_not_written()
    {
        Assert.NotNull(Store().Save(Section(Request(1, 100)), out _));
        byte[] before = File.ReadAllBytes(Tuned);
        Assert.Null(Store().Save(Section(new TunedRequest(["n"], [1, 2], [new("Whole", [1], 1, 9)])), out string why));
        Assert.Contains("line ", why);
        Assert.Equal(before, File.ReadAllBytes(Tuned));
    }

    [Fact]
    public void What_others_wrote_since_it_was_opened_stays()
    {
        TuningStore mine = Store(), other = Store();
        Assert.Null(mine.Load());
        Assert.Null(other.Load());
        Assert.NotNull(other.Save(Section(Request(1, 200, 300), Request(2, 400)), out _));
        // As much is measured as there was time for.
        Assert.NotNull(mine.Save(Section(Request(1, 100), Request(3, 500)) with { IsComplete = false }, out _));
        TuningSection section = TuningFile.Read(File.ReadAllText(Tuned)).Sections.Single();
        Assert.Equal(["n=1", "n=3", "n=2"], section.Requests.Select(r => r.Words));
        // As many times as long as it is compared with.
        Assert.Equal([100, 150], section.Requests[0].Times.Select(t => t.Nanoseconds));
        Assert.Equal(["n=1", "n=2", "n=3"], Store().Latest(null)!.Requests.Select(r => r.Words).Order(StringComparer.Ordinal));
        Assert.Single(Directory.GetFiles(_folder.Path, "*.tune*"));
    }

    [Fact]
    public async Task A_second_writer_waits_for_the_first()
    {
        TuningSection elsewhere = Section(Request(1, 100)) with { Machine = new("another", 8, "1.0") };
        Task<string?> second;
        using (TuningLock.ToWrite(Tuned))
        {
            second = Task.Run(() => Store().Save(Section(Request(1, 200)), out _));
            Assert.NotSame(second, await Task.WhenAny(second, Task.Delay(200)));
            File.WriteAllText(Tuned, TuningFile.Empty.With(elsewhere).Write());
        }
        Assert.Equal(Tuned, await second.WaitAsync(Plenty));
        Assert.Equal(2, TuningFile.Read(File.ReadAllText(Tuned)).Sections.Count);
    }

    [Fact]
    public void A_folder_that_allows_no_lock_does_without()
    {
        Directory.CreateDirectory(Tuned + ".lock");
        Assert.Null(TuningLock.ToWrite(Tuned));
        Assert.NotNull(Store().Save(Section(Request(1, 100)), out _));
        Assert.NotNull(Store().Load());
    }

    /// <summary>Else a third one would make a file of its own, and two would hold the lock.</summary>
    [SkippableFact]
    public void A_lock_whose_file_has_another_holder_now_does_not_delete_that()
    {
        Skip.If(OperatingSystem.IsWindows(), "skipped: Windows deletes no file that is open");
        IDisposable first = TuningLock.ToWrite(Tuned)!;
        File.Delete(Tuned + ".lock");
        using (TuningLock.ToWrite(Tuned))
        {
            first.Dispose();
            Assert.True(File.Exists(Tuned + ".lock"));
        }
        Assert.False(File.Exists(Tuned + ".lock"));
    }

    /// <summary>As without statx: the file cannot be opened to compare while it is locked, and whoever waited for that would wait for itself.</summary>
    [Fact]
    public void A_lock_is_its_holders_where_the_system_does_not_say_which_file_it_is()
    {
        using (TuningLock.ToWrite(Tuned))
            Assert.True(TuningLock.Has(Tuned + ".lock", null));
        Assert.False(TuningLock.Has(Tuned + ".lock", null));
    }

    /// <summary>As where <c>cleave tune</c> is given a model in the working folder.</summary>
    [Fact]
    public void A_file_of_the_working_folder_is_locked_too()
    {
        string path = "towers-" + Guid.NewGuid().ToString("N") + TuningFile.Ending;
        using (TuningLock.ToWrite(path))
            Assert.True(File.Exists(path + ".lock"));
        Assert.False(File.Exists(path + ".lock"));
    }

    /// <summary>As after an upgrade: the process is to be as well tuned as before.</summary>
    [Fact]
    public void Where_CLEAVE_TUNE_is_set_a_split_that_is_another_one_now_is_measured_again()
    {
        string folder = _folder["tuned"], path = Path.Combine(folder, Towers.Definition().Path + TuningFile.Ending);
        TuningSection old = Section(new TunedRequest([], [], [new("Whole", [2], 100, 25), new("Whole", [1], 300, 25), new("TwoLanes", [1, 1], 77, 25)])) with { Plans = [] };
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, TuningFile.Empty.With(old).Write());
        using LooseRunner runner = new(Towers.Definition(), Options(Model, folder));
        Assert.True(SpinWait.SpinUntil(() => runner.Engine.Tuning.Known is { IsComplete: true }, Plenty));
        Assert.NotEqual(77, runner.Engine.Tuning.Known!.Requests.Single().Find("TwoLanes", [1, 1])!.Nanoseconds);
    }

    /// <summary>Two processes that are started together, both with CLEAVE_TUNE.</summary>
    [Fact]
    public void One_process_at_a_time_measures_for_a_folder_and_the_next_goes_by_it()
    {
        string folder = _folder["tuned"], path = Path.Combine(folder, Towers.Definition().Path + TuningFile.Ending);
        TuningSection found = Section(new TunedRequest([], [], [new("TwoLanes", [1, 1], 71, 25), new("Whole", [2], 72, 25), new("Whole", [1], 73, 25)]));
        using CancellationTokenSource cancelled = new();
        LooseRunner runner;
        using (TuningLock.ToMeasure(folder, CancellationToken.None))
        {
            cancelled.Cancel();
            Assert.ThrowsAny<OperationCanceledException>(() => TuningLock.ToMeasure(folder, cancelled.Token));
            runner = new(Towers.Definition(), Options(Model, folder));
            Assert.False(SpinWait.SpinUntil(() => runner.Engine.Tuning.Known != null, TimeSpan.FromMilliseconds(500)));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, TuningFile.Empty.With(found).Write());
        }
        using (runner)
        {
            Assert.True(SpinWait.SpinUntil(() => runner.Engine.Tuning.Known != null, Plenty));
            Assert.Equal([71, 72, 73], runner.Engine.Tuning.Known!.Requests.Single().Times.Select(t => t.Nanoseconds));
        }
        Assert.Empty(_logger.Warnings);
        Assert.Single(Directory.GetFiles(folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_file_of_a_later_version_stays_as_it_is()
    {
        File.WriteAllText(Tuned, "cleave-tuning 99\n");
        Assert.Null(Store().Load());
        Assert.Contains("version 99 is of a later Cleave", Assert.Single(_logger.Warnings));
        Assert.Null(Store().Save(Section(Request(1, 100)), out string why));
        Assert.Equal(Tuned + " cannot be read (line 1: version 99 is of a later Cleave: update Cleave here, or delete the file)", why);
        Assert.Equal("cleave-tuning 99\n", File.ReadAllText(Tuned));
    }

    /// <summary>Nothing would be kept, so every start would measure.</summary>
    [Fact]
    public void Where_the_file_of_CLEAVE_TUNE_cannot_be_read_the_runner_does_not_tune_itself()
    {
        string folder = _folder["tuned"], path = Path.Combine(folder, Towers.Definition().Path + TuningFile.Ending);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "cleave-tuning 99\n");
        using LooseRunner runner = new(Towers.Definition(), Options(Model, folder));
        Assert.False(SpinWait.SpinUntil(() => runner.Engine.Tuning.Known != null, TimeSpan.FromMilliseconds(500)));
        Assert.Equal("cleave-tuning 99\n", File.ReadAllText(path));
    }

    private static TunedRequest Request(int n, params long[] times) =>
        new(["n"], [n], [.. times.Select((t, i) => new TunedTime("Whole", [i + 1], t, 25))]);

    private static TuningSection Section(params TunedRequest[] requests) =>
        new(ThisMachine.Of(2), Towers.Definition().Hash, true, requests) { Plans = TunedPlans.Of(Towers.Definition()) };

    private RunnerOptions Options(string model, string? folder = null) => new()
    {
        Model = ModelSource.File(model),
        Cores = 2,
        TuningSpan = TimeSpan.Zero,
        TuningFolder = folder,
        Ledger = Ledgers.Own(2),
        Logger = _logger,
    };

    private void Write(TuningSection section) => File.WriteAllText(Tuned, TuningFile.Empty.With(section).Write());

    private TuningStore Store() => new(Towers.Definition(), Model, folder: null, new Lazy<MachineSignature>(static () => ThisMachine.Of(2)), _logger);
}
