using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests.Modes;

/// <summary>A plan that takes half of the cores or less is there as often as there are cores for.</summary>
public sealed class PlannedInstancesTests : RunnerModesHost
{
    [Fact]
    public void Four_requests_on_sixteen_cores_have_the_four_threads_of_the_plan_each()
    {
        CoreLedger ledger = Ledger(16);
        using LooseRunner runner = Runner(ledger, 16, Rows(1, 2, 4));
        RunnerModes modes = runner.Engine.Modes;
        Assert.Equal([4, 2, 1], Enumerable.Range(0, modes.Count).Select(modes.Cores));
        Turn[] four = [];
        Assert.True(SpinWait.SpinUntil(() => AreApart(four = Together(runner, 4), cores: 4), Patience));
        Assert.Equal(4, four.SelectMany(static t => t.Mode.Plan.Sessions).Distinct().Count());
        Assert.Equal(4, four.Select(static t => t.Mode.Place).Distinct().Count());
        Assert.All(Makers, static name => Assert.Equal("Cleave test opener", name));
        // However often they meet, there is no fifth.
        for (int i = 0; i < 100; i++)
            Assert.True(AreApart(Together(runner, 4), cores: 4));
        Assert.Equal(4, Threads().Count(static t => t == 4));
        Assert.Equal(4, new RunnerSnapshot(new OpenRunner("test", modes, runner.Engine.Times)).Modes[0].Instances);
        Assert.Contains(Logger.Lines, static l => l.StartsWith("Cleave opens another mode of test: Whole with 4 threads, about ", StringComparison.Ordinal));
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [Fact]
    public void Where_one_could_not_be_opened_no_further_one_is_tried()
    {
        int tries = 0;
        using LooseRunner runner = Runner(Ledger(16), 16, Rows(1, 2, 4), options =>
        {
            Action<SessionOptions, SegmentInfo> configure = options.ConfigureSession!;
            options.ConfigureSession = (session, segment) =>
            {
                configure(session, segment);
                if (segment.Threads != 2)
                    return;
                Interlocked.Increment(ref tries);
                throw new InvalidOperationException("none of two threads");
            };
        });
        RunnerModes modes = runner.Engine.Modes;
        Assert.Equal(2, modes.Cores(1));
        for (int i = 0; i < 3; i++)
        {
            modes.OpenMissed(1);
            Assert.True(i == 0 ? SpinWait.SpinUntil(HasFailed, Patience) : HasFailed());
        }
        Assert.Equal(1, tries);

        bool HasFailed() => modes.WhyNotOpen(1).Contains("none of two threads", StringComparison.Ordinal);
    }

    [Fact]
    public void Eight_have_two_threads_each_where_that_is_the_plan()
    {
        using LooseRunner runner = Runner(Ledger(16), 16, Rows(1, 2));
        Assert.True(SpinWait.SpinUntil(() => AreApart(Together(runner, 8), cores: 2), Patience));
    }

    [Fact]
    public void Four_parts_have_the_threads_of_the_plan_each()
    {
        CoreLedger ledger = Ledger(16);
        using LooseRunner runner = Runner(ledger, 16, Rows(1, 2, 4));
        RunnerModes modes = runner.Engine.Modes;
        Assert.True(SpinWait.SpinUntil(() => AreApart(Parts(), cores: 4), Patience));
        Assert.Equal(4, modes.Instances(0).Length);
        Assert.Empty(modes.ForParts);
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));

        Turn[] Parts()
        {
            Turn[] turns = [.. Enumerable.Range(0, 4).Select(_ => modes.EnterPart(4, CancellationToken.None))];
            foreach (Turn turn in turns)
                modes.Leave(turn);
            return turns;
        }
    }

    [Fact]
    public void The_slices_of_a_division_have_the_threads_of_the_plan_each()
    {
        using LooseRunner runner = Runner(Ledger(16), 16, Rows(1, 2, 4));
        RunnerModes modes = runner.Engine.Modes;
        RunnerMode[] taken = new RunnerMode[4];
        Assert.True(SpinWait.SpinUntil(Divide, Patience));
        Assert.Equal(4, taken.SelectMany(static m => m.Plan.Sessions).Distinct().Count());
        Assert.Equal(4, modes.Instances(0).Length);
        Assert.Empty(modes.ForParts);

        bool Divide()
        {
            bool began = modes.Division.TryEnter([4, 4, 4, 4], static () => true, opens: true, taken) is { } start && modes.Division.Leave(taken, start) is not null;
            Clock.Pass(31);
            return began;
        }
    }

    [Fact]
    public void Requests_that_meet_have_lanes_of_their_own_and_share_the_sessions_of_one_thread()
    {
        using LooseRunner runner = Towers.Runner(new() { Cores = 16, Ledger = Ledger(16), Logger = Logger, MaxMemory = 1L << 30 });
        RunnerModes modes = runner.Engine.Modes;
        Assert.Equal((1, 2), (modes.PlannedIndex, modes.Planned.Plan.Threads.Length));
        float[][] inputs = [.. Enumerable.Range(0, 2).Select(Towers.Input)], expected = [.. inputs.Select(x => Run(runner, x))];
        long before = modes.Memory.Taken;
        Turn[] two = [];
        Assert.True(SpinWait.SpinUntil(() => AreApart(two = Together(runner, 2), cores: 2), Patience));
        Assert.NotSame(two[0].Mode.Crew, two[1].Mode.Crew);
        Assert.Equal(two[0].Mode.Plan.Sessions, two[1].Mode.Plan.Sessions);
        // It has no sessions that others do not have.
        Assert.Equal(before, modes.Memory.Taken);
        Parallel.For(0, 2, client =>
        {
            for (int i = 0; i < 500; i++)
                Assert.Equal(expected[client], Run(runner, inputs[client]), Near);
        });
    }

    [Fact]
    public void There_are_no_more_than_there_is_memory_for()
    {
        long session;
        using (LooseRunner one = Runner(Ledger(16), 16, Rows(1, 2, 4)))
            session = one.Engine.Modes.Memory.Taken;
        using LooseRunner runner = Runner(Ledger(16), 16, Rows(1, 2, 4), o => o.MaxMemory = (2 * session) + 1);
        RunnerModes modes = runner.Engine.Modes;
        int before = Threads().Length - 1;
        Assert.True(SpinWait.SpinUntil(() => Together(runner, 4).Length > 0 && Refusals() > 0, Patience));
        for (int i = 0; i < 100; i++)
            Assert.All(Together(runner, 4), static t => Assert.Equal(4, t.Mode.Cores));
        Assert.Equal(2, modes.Instances(0).Length);
        Assert.Equal([4, 4], Threads()[before..]);
        Assert.InRange(modes.Memory.Taken, 0, (2 * session) + 1);

        int Refusals() => Logger.Lines.Count(static l => l.StartsWith("Cleave does not open another mode of test, Whole with 4 threads", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(4, 4)]
    [InlineData(7, 4)]
    public void There_is_one_where_it_takes_more_than_half_of_the_cores(int cores, int planned)
    {
        using LooseRunner runner = Runner(Ledger(cores), cores, Rows(1, planned));
        for (int i = 0; i < 100; i++)
            Together(runner, 2);
        Open(runner, runner.Engine.Modes.Count - 1);
        Assert.Single(Threads(), t => t == planned);
    }

    [Fact]
    public void There_is_one_where_requests_come_one_by_one()
    {
        using LooseRunner runner = Runner(Ledger(16), 16, Rows(1, 2, 4));
        Ask(runner, 100);
        Open(runner, 2);
        Assert.Equal([4, 1], Threads());
    }

    [Fact]
    public async Task Requests_and_jobs_of_many_clients_are_right_and_leave_nothing_behind()
    {
        CoreLedger ledger = Ledger(16);
        using LooseRunner whole = Runner(ledger, 16, Rows(1, 2, 4)), split = Towers.Runner(new() { Cores = 16, Ledger = ledger, Logger = Logger });
        float[][] inputs = [.. Enumerable.Range(0, 8).Select(Towers.Input)], expected = [.. inputs.Select(x => Run(whole, x))];
        Request[] parts = [.. inputs.Select(Towers.Request)];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(client => Task.Run(() => ClientAsync(client))));
        foreach (LooseRunner runner in new[] { whole, split })
        {
            RunnerModes modes = runner.Engine.Modes;
            Assert.InRange(modes.Instances(modes.PlannedIndex).Length, 1, 16 / modes.Planned.Cores);
            Assert.All(Enumerable.Range(0, modes.Count).SelectMany(modes.Instances), static m => Assert.Equal(0, m.Running));
        }
        Assert.Empty(Logger.Warnings);
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));

        async Task ClientAsync(int client)
        {
            LooseRunner runner = client % 2 == 0 ? whole : split;
            for (int i = 0; i < 300; i++)
            {
                Assert.Equal(expected[client], Run(runner, inputs[client]), Near);
                if (i % 20 != client)
                    continue;
                LooseOutput[] outputs = await runner.RunManyAsync(parts).WaitAsync(Patience);
                for (int p = 0; p < outputs.Length; p++)
                {
                    using LooseOutput output = outputs[p];
                    Assert.Equal(expected[p], output.Get<float>(0).Span.ToArray(), Near);
                }
            }
        }
    }

    private static bool AreApart(IReadOnlyCollection<Turn> turns, int cores) =>
        turns.All(t => t.Mode.Cores == cores) && turns.Select(static t => t.Mode).Distinct().Count() == turns.Count;
}
