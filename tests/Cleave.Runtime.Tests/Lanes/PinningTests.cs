using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Cores;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Support;
using Cleave.Workers;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Cleave.Runtime.Tests.Lanes;

/// <summary>Threads of ours keep to processors of their own where asked; nobody else's thread is touched.</summary>
public sealed class PinningTests
{
    private readonly ListLogger _logger = new();

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lane_threads_keep_to_their_processors_where_asked(bool pinning)
    {
        Skip.IfNot(Directory.Exists("/proc/self/task"), "skipped: /proc is absent");
        int[] allowed = AffinityMask.Processors();
        int[][] sets = CoreSets.For(Topology.Read(ProcessFiles.System, allowed), [1, 1]);
        // The system shows fifteen characters: "Cleave p lane 1".
        using LooseRunner runner = SplitModel.Lookup(name: pinning ? "p" : "q").Runner(new() { Pinning = pinning, Logger = _logger, Ledger = Ledgers.Own(2) });
        string before = Mine();
        runner.Run(SplitModel.LookupOf(1, 1)).Dispose();
        (await runner.RunAsync(SplitModel.LookupOf(1, 1))).Dispose();
        string name = pinning ? "p" : "q";
        int[] lane = SystemThreads.Processors(Assert.Single(SystemThreads.Named("Cleave " + name + " lane 1")));
        int[] worker = SystemThreads.Processors(Assert.Single(SystemThreads.Named("Cleave " + name + " worker 1")));
        Assert.Equal(pinning ? sets[1] : allowed, lane);
        Assert.Equal(pinning ? sets[0] : allowed, worker);
        // The caller's thread ran a lane, too, and was not pinned.
        Assert.Equal(before, Mine());
        Assert.Empty(_logger.Warnings);

        static string Mine() => File.ReadAllText("/proc/thread-self/status").Split('\n').First(l => l.StartsWith("Cpus_allowed_list", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void A_runner_whose_opening_fails_gives_its_processors_back()
    {
        Skip.IfNot(AffinityMask.Processors().Length == 2, "skipped: the process has more or fewer than two processors, which are all that two lanes take");
        CoreLedger ledger = Ledgers.Own(2);
        // It has no plan for an accelerator, which is seen when its lanes are open.
        Assert.Throws<DeviceUnavailableException>(() => Towers.Runner(Options(DevicePolicy.Require)));
        using LooseRunner runner = Towers.Runner(Options(DevicePolicy.Prefer));
        Assert.NotNull(runner.Engine.Plan.Lease);
        Assert.Empty(_logger.Warnings);

        RunnerOptions Options(DevicePolicy policy) =>
            new() { Plan = PlanChoice.Split, Pinning = true, Ledger = ledger, Logger = _logger, Device = new DeviceOptions { Policy = policy } };
    }

    [SkippableFact]
    public void The_threads_of_a_session_keep_to_its_lane()
    {
        Skip.IfNot(Directory.Exists("/proc/self/task"), "skipped: /proc is absent");
        int[] allowed = AffinityMask.Processors();
        ThreadPin pin = new([allowed[^1]], _logger);
        using LooseRunner runner = Towers.Runner();
        string[] before = Folders();
        runner.Engine.Sessions.Get(Towers.Segments[0], 3, 0, pin);
        string[] made = [.. Folders().Except(before).Select(static f => SystemThreads.Read(f, "status")).OfType<string>()
            .Where(s => SystemThreads.Processors(s).SequenceEqual([allowed[^1]]))];
        Assert.True(made.Length >= 2, $"{made.Length} threads are pinned");
        Assert.Empty(_logger.Warnings);

        static string[] Folders() => Directory.GetDirectories("/proc/self/task");
    }

    [Fact]
    public void A_thread_that_cannot_be_pinned_runs_with_a_warning()
    {
        ThreadPin pin = new([16_000], _logger);
        Assert.Equal(7, pin.Do("a thread", static () => 7));
        Assert.Contains("could not pin the thread a thread to the processors 16000", Assert.Single(_logger.Warnings));
        Assert.Throws<InvalidOperationException>(() => pin.Do<int>("a thread", static () => throw new InvalidOperationException()));
    }

    [Fact]
    public async Task A_thread_of_a_queue_that_cannot_be_pinned_works_with_a_warning()
    {
        WorkerPool pool = new(new WorkerSettings(static _ => "a lane", 1, _logger) { Pin = new ThreadPin([16_000], _logger) });
        await Work(pool);
        Assert.Contains("could not pin the thread a lane to the processors 16000", _logger.Warnings[0]);
    }

    [Fact]
    public async Task A_logger_that_throws_ends_no_thread()
    {
        ThreadPin pin = new([16_000], new ThrowingLogger());
        Assert.Throws<NotSupportedException>(() => pin.Do("a thread", static () => 7));
        WorkerPool pool = new(new WorkerSettings(static _ => "a lane", 1, new ThrowingLogger()) { Pin = pin });
        await Work(pool);
    }

    [Fact]
    public void A_logger_that_throws_fails_no_runner()
    {
        using LooseRunner runner = SplitModel.Lookup().Runner(new() { Pinning = true, Logger = new ThrowingLogger(), Ledger = Ledgers.Own(2) });
        using LooseOutput output = runner.Run(SplitModel.LookupOf(1, 1));
        Assert.Equal(21f, output.Get<float>(0)[0]);
    }

    private static async Task Work(WorkerPool pool)
    {
        for (int i = 0; i < 3; i++)
        {
            Item item = new();
            pool.Enqueue(item);
            Assert.Equal("a lane", await item.Done.Task.WaitAsync(TimeSpan.FromSeconds(60)));
            // What would end the thread is logged.
            item.Thread!.Interrupt();
        }
        pool.Stop();
        await pool.Ended.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private sealed class Item : IWorkItem
    {
        public TaskCompletionSource<string?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Thread? Thread { get; private set; }

        public void Execute()
        {
            Thread = Thread.CurrentThread;
            Done.SetResult(Thread.Name);
        }
    }

    private sealed class ThrowingLogger : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => throw new NotSupportedException();

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new NotSupportedException();
    }

    [SkippableFact]
    public void A_thread_that_leaves_a_processor_may_run_where_it_might_before()
    {
        Skip.IfNot(File.Exists("/proc/thread-self/status"), "skipped: /proc is absent");
        int[] allowed = AffinityMask.Processors();
        Assert.Contains(AffinityMask.Processor(), allowed);
        ThreadPin one = new([allowed[0]], _logger);
        // It has no other.
        Assert.Equal([allowed[0]], one.Do("a thread", () => Leave(allowed[0])));
        ThreadPin all = new(allowed, _logger);
        Assert.Equal(allowed, all.Do("a thread", () => Leave(allowed[0])));
        // One that it may not run on is not added.
        Assert.Equal(allowed, all.Do("a thread", () => Leave(16_000)));

        static int[] Leave(int processor)
        {
            AffinityMask.Leave(processor);
            return SystemThreads.Processors(File.ReadAllText("/proc/thread-self/status"));
        }
    }
}
