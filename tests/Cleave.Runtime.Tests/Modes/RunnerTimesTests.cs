using System;
using System.Linq;
using Cleave.Modes;
using Xunit;

namespace Cleave.Runtime.Tests.Modes;

/// <summary>What requests of one size say about those of another, where sizes vary. Time passes in the test only.</summary>
public sealed class RunnerTimesTests
{
    private static readonly bool[] Both = [true, true];

    // Two threads gain where there is much to do: below 100 units they lose.
    private static double Seconds(int mode, double units) => 1e-5 * (mode == 0 ? 40 + (units * 0.6) : units);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Sizes_that_come_once_teach_about_others(int seed)
    {
        RunnerTimes times = new(2, planned: 0, static dims => dims[0]);
        Random random = new(seed);
        int request = 0;
        double took = 0;
        double ideal = 0;
        for (; request < 6000; request++)
        {
            // No dimensions come twice: the second counts the requests.
            int units = (int)Math.Exp(random.NextDouble() * Math.Log(2000));
            RequestTimes own = times.Of([Math.Max(1, units), request]);
            int mode = own.ForAlone(Both);
            double seconds = Seconds(mode, units) * (0.9 + (0.2 * random.NextDouble()));
            own.Add(mode, seconds);
            if (request < 2000)
                continue;
            took += seconds;
            ideal += Math.Min(Seconds(0, units), Seconds(1, units));
        }
        Assert.InRange(took / ideal, 0.98, 1.04);
        Assert.Equal(1, times.Of([20, request]).Best(Both, 0));
        Assert.Equal(0, times.Of([1000, request]).Best(Both, 0));
    }

    [Fact]
    public void Sizes_that_come_by_turns_are_told_apart_though_every_other_request_changes_the_mode()
    {
        RunnerTimes times = new(2, planned: 0, static dims => dims[0]);
        int last = 0;
        for (int i = 0; i < 4000; i++)
        {
            int units = i % 2 == 0 ? 50 : 1000;
            RequestTimes own = times.Of([units]);
            int mode = own.ForAlone(Both);
            // A mode that did not run last is cold.
            own.Add(mode, Seconds(mode, units) + (mode == last ? 0 : 1e-4));
            last = mode;
        }
        Assert.Equal(1, times.Of([50]).Best(Both, 0));
        Assert.Equal(0, times.Of([1000]).Best(Both, 0));
    }

    [Fact]
    public void Requests_of_known_sizes_allocate_nothing_where_trials_end_neither()
    {
        RunnerTimes times = new(2, planned: 0, static dims => dims[0]);
        RequestTimes[] sizes = [times.Of([50]), times.Of([1000])];
        Pass(4000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Pass(4000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Pass(int requests)
        {
            for (int i = 0; i < requests; i++)
            {
                int mode = sizes[i % 2].ForAlone(Both);
                sizes[i % 2].Add(mode, Seconds(mode, i % 2 == 0 ? 50 : 1000));
            }
        }
    }

    [Fact]
    public void What_is_expected_wrongly_does_not_mislead()
    {
        // Of the two one is expected to take as long as the other, but takes three times as long; two threads take 0.9 of the time of one.
        RunnerTimes times = new(2, planned: 0, static _ => 1);
        int[] wide = new int[2];
        for (int i = 0; i < 3000; i++)
        {
            RequestTimes own = times.Of([i % 2]);
            int mode = own.ForAlone(Both);
            wide[mode]++;
            own.Add(mode, (i % 2 == 0 ? 1 : 3) * (mode == 0 ? 0.9 : 1));
        }
        Assert.InRange(times.Relative(0)!.Value, 0.89, 0.91);
        Assert.InRange(wide[0], 2500, 3000);
    }

    [Fact]
    public void Before_a_size_was_measured_it_goes_by_one_near_it()
    {
        RunnerTimes times = new(2, planned: 0, static dims => dims[0]);
        Run(times, 100, slow: 1.5);
        Assert.Equal(1, times.Of([100]).Best(Both, 0));
        Assert.Equal(1, times.Of([300]).Best(Both, 0));
        Assert.Equal(0, times.Of([3000]).Best(Both, 0));
        Run(times, 300, slow: 0.6);
        Assert.Equal(0, times.Of([300]).Best(Both, 0));
        Assert.Equal(1, times.Of([100]).Best(Both, 0));
    }

    [Fact]
    public void Of_several_sizes_the_middle_one_is_shown()
    {
        RunnerTimes times = new(2, planned: 0, static dims => dims[0]);
        Assert.Null(times.Relative(0));
        Run(times, 1, slow: 0.9);
        Run(times, 1000, slow: 0.4);
        Run(times, 100, slow: 0.5);
        Assert.Equal(0.5, times.Relative(0)!.Value, 3);
        Assert.Equal(1, times.Relative(1));
    }

    [Fact]
    public void What_was_tuned_counts_for_sizes_of_before_and_after()
    {
        RunnerTimes times = new(3, planned: 0, static dims => dims[0]);
        bool[] open = [true, true, true];
        RequestTimes before = times.Of([10]);
        Assert.Equal(0, before.Best(open, 0));
        times.Begin(static dims => dims[0] < 100 ? [2, 0.5, 1] : null);
        Assert.Equal(1, before.Best(open, 0));
        Assert.Equal(1, times.Of([90]).Best(open, 0));
        Assert.Equal(0, times.Of([90_000]).Best(open, 0));
    }

    [Fact]
    public void Trials_cost_little_however_many_sizes_there_are()
    {
        RunnerTimes times = new(2, planned: 1, static dims => dims[0]);
        Random random = new(1);
        double took = 0;
        double ideal = 0;
        for (int i = 0; i < 30_000; i++)
        {
            int units = 1 + random.Next(100_000);
            RequestTimes own = times.Of([units]);
            int mode = own.ForAlone(Both);
            own.Add(mode, units * (mode == 0 ? 2e-5 : 1e-5));
            if (i < 2000)
                continue;
            took += units * (mode == 0 ? 2e-5 : 1e-5);
            ideal += units * 1e-5;
        }
        Assert.InRange(took / ideal, 1, 1.02);
    }

    [Fact]
    public void Many_threads_may_ask_at_once()
    {
        RunnerTimes times = new(3, planned: 0, static dims => dims[0]);
        bool[] open = [true, true, true];
        double[] seconds = [1, 0.5, 2];
        System.Threading.Tasks.Parallel.For(0, 20_000, i =>
        {
            RequestTimes own = times.Of([1 + (i % 500)]);
            int mode = own.ForAlone(open);
            own.Add(mode, seconds[mode] * (1 + (i % 500)));
        });
        Assert.All(Enumerable.Range(1, 500), i => Assert.InRange(times.Of([i]).Best(open, 0), 0, 2));
    }

    private static void Run(RunnerTimes times, int units, double slow)
    {
        RequestTimes own = times.Of([units]);
        for (int i = 0; i < 500; i++)
        {
            int mode = own.ForAlone(Both);
            own.Add(mode, units * 1e-3 * (mode == 0 ? slow : 1));
        }
    }
}
