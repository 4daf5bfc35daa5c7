using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Xunit;

namespace Cleave.Runtime.Tests.Prepared;

/// <summary>A runner that finds nothing prepared serves, and prepares for the next start.</summary>
public sealed class BackgroundTests
{
    [Fact]
    public async Task What_is_missing_is_prepared_for_the_next_start_and_for_the_owner_only()
    {
        using PreparedModel model = new();
        using (LooseRunner runner = model.Open(Hasty))
        {
            Assert.False(PreparedModel.IsPrepared(runner));
            await runner.Engine.Preparing.Ended;
            Assert.Equal(model.Plainly(), PreparedModel.Run(runner));
        }
        Assert.Contains("Cleave prepared test in " + model.Folder + " for the next start: Whole, ", model.Logger.Lines[^1]);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(model.Folder));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(model.Weights));
        }
        using LooseRunner next = model.Open(Hasty);
        Assert.True(PreparedModel.IsPrepared(next));
        Assert.True(next.Engine.Preparing.Ended.IsCompleted);
    }

    [Fact]
    public async Task Nothing_is_written_without_being_asked_for()
    {
        using PreparedModel model = new();
        string beside = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(model.Path)!, "prepared")).FullName;
        using LooseRunner runner = model.Open(o =>
        {
            Hasty(o);
            o.Prepared = null;
        });
        await runner.Engine.Preparing.Ended;
        Assert.Empty(Directory.GetFileSystemEntries(beside));
        Assert.False(Directory.Exists(model.Folder));
    }

    [Fact]
    public async Task Disposing_ends_it_between_two_steps_and_nothing_is_left()
    {
        using PreparedModel model = new();
        using ManualResetEventSlim waiting = new();
        LooseRunner runner = model.Open(o =>
        {
            o.PreparesByItself = true;
            o.PreparationWait = (_, token) =>
            {
                waiting.Set();
                token.WaitHandle.WaitOne();
            };
        });
        waiting.Wait();
        await runner.DisposeAsync();
        Assert.True(runner.Engine.Preparing.Ended.IsCompletedSuccessfully);
        Assert.Empty(model.Entries);
        Assert.Equal(0, Attempts.Count(model.Folder, Path.GetFileNameWithoutExtension(Directory.GetFiles(model.Folder, "*" + Attempts.Ending).Single()), Attempts.Making));
    }

    [Fact]
    public async Task A_disposal_that_waits_for_it_says_that()
    {
        using PreparedModel model = new();
        using ManualResetEventSlim waiting = new(), goesOn = new();
        LooseRunner runner = model.Open(o =>
        {
            o.PreparesByItself = true;
            o.PreparationWait = (_, _) =>
            {
                waiting.Set();
                goesOn.Wait();
            };
        });
        runner.Engine.Closing.Step = TimeSpan.FromMilliseconds(20);
        waiting.Wait();
        Task disposal = runner.DisposeAsync().AsTask();
        bool isSaid = SpinWait.SpinUntil(() => model.Logger.Warnings.Length > 0, TimeSpan.FromMinutes(1));
        goesOn.Set();
        await disposal;
        Assert.True(isSaid);
        Assert.Contains("0 requests (plan Whole) run or wait, 0 of them for a thread; it is being prepared for the next start", model.Logger.Warnings[0]);
    }

    /// <summary>The lock is taken as another process takes it.</summary>
    [Fact]
    public async Task Another_process_that_prepares_is_waited_for_but_not_for_ever()
    {
        using PreparedModel model = new();
        Directory.CreateDirectory(model.Folder);
        int looks = 0;
        using (IDisposable? held = FolderLock.TryTake(model.Folder))
        {
            Assert.NotNull(held);
            using LooseRunner hindered = model.Open(Hasty);
            await hindered.Engine.Preparing.Ended;
            Assert.Contains("another process prepares", Assert.Single(model.Logger.Warnings));
            Assert.Empty(model.Entries);
        }
        IDisposable? other = FolderLock.TryTake(model.Folder);
        using LooseRunner runner = model.Open(o =>
        {
            o.PreparesByItself = true;
            o.PreparationWait = (time, _) =>
            {
                if (time == FolderLock.Step && ++looks == 3)
                    other!.Dispose();
            };
        });
        await runner.Engine.Preparing.Ended;
        Assert.Equal(3, looks);
        Assert.Single(model.Entries);
        Assert.Single(model.Logger.Warnings);
    }

    [Fact]
    public async Task Models_of_one_process_are_prepared_one_after_the_other()
    {
        using PreparedModel model = new(), other = new(Models.Toy(2 * PreparedModel.Width));
        using ManualResetEventSlim isAt = new(), goesOn = new();
        using LooseRunner first = model.Open(o =>
        {
            o.PreparesByItself = true;
            o.PreparationWait = (_, token) =>
            {
                isAt.Set();
                goesOn.Wait(token);
            };
        });
        isAt.Wait();
        using LooseRunner second = other.Open(o =>
        {
            Hasty(o);
            o.Prepared = model.Folder;
        });
        Task early = second.Engine.Preparing.Ended;
        await Task.WhenAny(early, Task.Delay(100));
        Assert.False(early.IsCompleted);
        goesOn.Set();
        await Task.WhenAll(first.Engine.Preparing.Ended, early);
        Assert.Empty(model.Logger.Warnings);
        Assert.Empty(other.Logger.Warnings);
        Assert.Equal(2, model.Entries.Length);
    }

    /// <summary>On a thread that gives way to everything it takes long where cores are busy.</summary>
    [Fact]
    public void A_session_that_is_prepared_keeps_no_other_waiting()
    {
        using PreparedModel model = new();
        using LooseRunner runner = model.Open();
        SessionFactory factory = runner.Engine.Sessions.Factory;
        Segment segment = runner.Engine.Plan.Outline.Plan.Segments[0];
        bool isCreated = false;
        using SegmentSession session = factory.CreatePlain(segment, 1, _ =>
        {
            Task other = Task.Run(() => factory.CreatePlain(segment, 1).Dispose());
            isCreated = other.Wait(TimeSpan.FromSeconds(10));
        });
        Assert.True(isCreated);
    }

    [Fact]
    public async Task One_that_waits_for_another_ends_with_its_runner()
    {
        using PreparedModel model = new();
        using ManualResetEventSlim isAt = new();
        using LooseRunner first = model.Open(o =>
        {
            o.PreparesByItself = true;
            o.PreparationWait = (_, token) =>
            {
                isAt.Set();
                token.WaitHandle.WaitOne();
            };
        });
        isAt.Wait();
        LooseRunner second = model.Open(Hasty);
        await second.DisposeAsync();
        Assert.True(second.Engine.Preparing.Ended.IsCompletedSuccessfully);
        Assert.Empty(model.Logger.Warnings);
    }

    [Fact]
    public async Task An_entry_that_failed_is_replaced_once_and_no_more()
    {
        using PreparedModel model = new();
        for (int start = 0; start < Attempts.Most + 1; start++)
        {
            if (start > 0)
                model.Rewrite(m => m with { Expected = m.Expected.ToDictionary(e => e.Key, _ => new string('0', 64)) });
            using LooseRunner runner = model.Open(Hasty);
            Assert.False(PreparedModel.IsPrepared(runner));
            await runner.Engine.Preparing.Ended;
        }
        Assert.Contains("two attempts failed", model.Logger.Warnings[^1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_needs_free_memory_of_three_times_the_weights(bool isEnough)
    {
        using PreparedModel model = new();
        using LooseRunner runner = model.Open();
        SessionFactory factory = runner.Engine.Sessions.Factory;
        using TempFolder machine = new();
        long kilobytes = (3 * factory.WeightBytes + 1023) / 1024 - (isEnough ? 0 : 1);
        machine.Write("proc/meminfo", FormattableString.Invariant($"MemTotal: 99999999 kB\nMemAvailable: {kilobytes} kB\n"));
        RunnerOptions options = new() { Model = ModelSource.File(model.Path), Prepared = model.Folder, Logger = model.Logger };
        Hasty(options);
        ModelDefinition definition = model.Definition();
        BackgroundPreparation preparing = new(
            factory, definition, options, ModeList.Of(definition, options, 1, factory.Slicing, tuned: null).Modes, Ledgers.Own(1), new RunGate("test"), new ProcessFiles(machine.Path), model.Logger);
        preparing.StartIfMissing();
        await preparing.Ended;
        Assert.Equal(isEnough ? 1 : 0, model.Entries.Length);
        if (!isEnough)
            Assert.Contains("three times its weights", Assert.Single(model.Logger.Warnings));
    }

    [Fact]
    public void It_rests_nine_times_as_long_as_a_step_took_and_lets_requests_go_first()
    {
        ManualClock clock = new();
        CoreLedger ledger = Ledgers.Own(2, clock);
        List<TimeSpan> waits = [];
        PreparationPace pace = new(ledger, clock, (time, _) =>
        {
            waits.Add(time);
            clock.Pass(time.TotalMilliseconds);
            // Two requests have both cores until it has looked twice.
            if (waits.Count == 1)
                ledger.EnterBackground();
            if (waits.Count == 3)
                ledger.LeaveBackground(1);
        }, CancellationToken.None);
        ledger.EnterBackground();
        clock.Pass(30);
        pace.Next();
        Assert.Equal([TimeSpan.FromMilliseconds(270), TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(20)], waits);
        clock.Pass(2);
        pace.Next();
        Assert.Equal(TimeSpan.FromMilliseconds(18), waits[^1]);
    }

    [Fact]
    public void What_holds_a_copy_of_the_weights_rests_and_waits_for_no_requests()
    {
        ManualClock clock = new();
        CoreLedger ledger = Ledgers.Own(1, clock);
        ledger.EnterBackground();
        List<TimeSpan> waits = [];
        PreparationPace pace = new(ledger, clock, (time, _) =>
        {
            waits.Add(time);
            clock.Pass(time.TotalMilliseconds);
            Assert.Single(waits);
        }, CancellationToken.None);
        clock.Pass(30);
        pace.NextHolding();
        Assert.Equal([TimeSpan.FromMilliseconds(270)], waits);
    }

    /// <summary>While requests have all cores, a preparation waits only where it has no session open.</summary>
    [Fact]
    public void Steps_in_which_sessions_are_open_are_told_apart()
    {
        using PreparedModel model = new();
        List<string> holding = [], between = [];
        model.Prepare(at: between.Add, atHolding: holding.Add);
        Assert.Equal(["one sample run", "one sample tried", "session of a sample created"], holding.Distinct().Order());
        Assert.Empty(between.Intersect(holding));
    }

    /// <summary>As a part of a job has them, where no mode has so many.</summary>
    [Fact]
    public async Task Threads_that_no_mode_has_are_recorded_too()
    {
        using PreparedModel model = new();
        model.Prepare();
        using (LooseRunner runner = model.Open(Hasty))
        {
            Assert.True(PreparedModel.IsPrepared(runner));
            using SegmentSession part = runner.Engine.Sessions.Factory.Create(runner.Engine.Plan.Outline.Plan.Segments[0], 3);
            Assert.Same(part.Unchecked, part.Session);
            await runner.Engine.Preparing.Ended;
        }
        Assert.Equal([1, 3], PreparedManifest.Read(File.ReadAllBytes(model.Manifest)).Expected.Keys.Order());
    }

    // Does not rest, but for other threads to run.
    private static void Hasty(RunnerOptions options)
    {
        options.PreparesByItself = true;
        options.PreparationWait = static (_, _) => Thread.Yield();
    }
}
