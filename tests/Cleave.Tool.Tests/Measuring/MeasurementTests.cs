using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Tool.Measuring;
using Xunit;

namespace Cleave.Tool.Tests.Measuring;

public sealed class MeasurementTests
{
    private static readonly MeasureSettings Settings = new() { Rounds = 6, WarmUp = TimeSpan.Zero };

    private readonly List<string> _log = [];

    [Fact]
    public void Candidates_take_turns_and_another_one_begins_each_round()
    {
        Samples samples = Run(Settings with { Rounds = 3 }, new Fake("a"), new Fake("b"), new Fake("c"));

        // The first round is a rehearsal.
        Assert.Equal("abc abc bca cab", string.Join(' ', _log.Where(l => l.Length == 1).Chunk(3).Select(turns => string.Concat(turns))));
        Assert.All(samples.Blocks.Values, blocks => Assert.Equal(3, blocks.Length));
    }

    [Fact]
    public void Each_is_started_once_and_all_are_disposed()
    {
        Run(Settings, new Fake("a"), new Fake("b"));

        Assert.Equal(["start a", "start b"], _log.Where(l => l.StartsWith("start", StringComparison.Ordinal)));
        Assert.Equal(["end a", "end b"], _log.Where(l => l.StartsWith("end", StringComparison.Ordinal)));
    }

    [Fact]
    public void Short_calls_make_long_blocks_and_long_ones_the_fewest_calls()
    {
        Samples samples = Run(Settings,
            new Fake("short") { Call = TimeSpan.FromMicroseconds(100) },
            new Fake("shorter") { Call = TimeSpan.FromMicroseconds(1) },
            new Fake("long") { Call = TimeSpan.FromMilliseconds(30) });

        Assert.Equal((200, 5000, 50), (Calls("short"), Calls("shorter"), Calls("long")));

        int Calls(string name) => samples.Blocks[name][0].Nanoseconds.Length;
    }

    /// <summary>Each of a hundred callers calls several times: else some of them never do, and a time divided by their number is of no load.</summary>
    [Fact]
    public void Many_callers_make_more_calls()
    {
        Samples samples = Run(Settings, new Fake("many") { Callers = 100, Call = TimeSpan.FromSeconds(1) }, new Fake("few") { Callers = 10, Call = TimeSpan.FromSeconds(1) });

        Assert.Equal((400, 50), (samples.Blocks["many"][0].Nanoseconds.Length, samples.Blocks["few"][0].Nanoseconds.Length));
    }

    /// <summary>Fifty calls of six seconds are more than a process may take for an answer.</summary>
    [Fact]
    public void Long_calls_make_fewer_of_them()
    {
        Samples samples = Run(Settings, new Fake("a") { Call = TimeSpan.FromSeconds(6) }, new Fake("b") { Call = TimeSpan.FromSeconds(1) }, new Fake("c") { Callers = 3, Call = TimeSpan.FromSeconds(30) });

        Assert.Equal((1, 5, 3), (samples.Blocks["a"][0].Nanoseconds.Length, samples.Blocks["b"][0].Nanoseconds.Length, samples.Blocks["c"][0].Nanoseconds.Length));
    }

    [Fact]
    public void Each_turn_of_the_rehearsal_is_told_and_what_is_left_goes_by_how_long_they_took()
    {
        PassingClock clock = new();
        List<MeasureProgress> told = [];
        // A call is short, and the process takes seconds to come to rest.
        Fake[] fakes = [new("a") { InBlock = () => clock.Pass(2000) }, new("b") { InBlock = () => clock.Pass(3000) }];
        new Measurement(c => fakes.Single(f => f.Name == c.Name), Settings, told.Add) { Clock = clock }.Run([.. fakes.Select(static f => new Candidate(f.Name, ""))]);

        Assert.Equal(["a", "b", "a", "b"], told.TakeWhile(static t => t.Left is null).Select(static t => t.What));
        Assert.Equal(TimeSpan.FromSeconds(6 * 5), told.First(static t => t.Left is not null).Left);
    }

    [Fact]
    public void Rounds_are_added_while_the_interval_of_what_is_judged_is_wide()
    {
        // Both as fast as each other at first, then one of them in turn.
        Samples samples = Run(Settings with { Extension = 4 }, Judged(b => b > 9 || b % 2 == 0 ? 1e6 : 2e6), new Fake("b") { Time = _ => 1e6 });

        // Nine looks at halves: 6, 9, 12 ... until the disturbed ones of the beginning do not reach the interval's ends any more.
        Assert.True(samples.Ratio("a", "b").Width < 0.04);
        Assert.InRange(samples.Blocks["a"].Length, 9, 23);
    }

    [Fact]
    public void Rounds_are_not_added_for_ever()
    {
        Samples samples = Run(Settings with { Extension = 3 }, Judged(b => b % 2 == 0 ? 1e6 : 2e6), new Fake("b") { Time = _ => 1e6 });

        Assert.Equal(18, samples.Blocks["a"].Length);
    }

    [Fact]
    public void In_more_rounds_a_candidate_may_run_on_more_often()
    {
        Fake spinning = new("b") { Time = _ => 1e6, Spins = [3, 9, 21, 26] };
        Samples samples = Run(Settings with { Rounds = 12, Extension = 3 }, Judged(b => b % 2 == 0 ? 1e6 : 2e6), spinning);

        Assert.Empty(samples.Failures);
        Assert.Equal(36, samples.Blocks["b"].Length);
    }

    [Fact]
    public void No_rounds_are_added_where_nothing_is_judged_or_the_number_was_given()
    {
        Assert.Equal(6, Run(Settings with { Extension = 3 }, new Fake("a") { Time = b => b % 2 == 0 ? 1e6 : 2e6 }, new Fake("b") { Time = _ => 1e6 }).Blocks["a"].Length);
        Assert.Equal(6, Run(Settings, Judged(b => b % 2 == 0 ? 1e6 : 2e6), new Fake("b") { Time = _ => 1e6 }).Blocks["a"].Length);
    }

    [Fact]
    public void What_shows_only_what_there_is_to_gain_is_not_compared()
    {
        // Known to a nanosecond, and faster than what the judged one is compared with.
        Samples samples = Run(Settings with { Extension = 3 }, Judged(_ => 1e6), new Fake("b") { IsBound = true, Time = _ => 0.9e6 }, new Fake("c") { Time = b => b % 2 == 0 ? 1e6 : 2e6 });

        Assert.Equal(18, samples.Blocks["a"].Length);
    }

    [Fact]
    public void A_slow_candidate_adds_no_rounds_however_it_varies()
    {
        Samples samples = Run(Settings with { Extension = 3 }, Judged(_ => 1e6), new Fake("b") { Time = _ => 1.5e6 }, new Fake("c") { Time = b => b % 2 == 0 ? 3e6 : 9e6 });

        Assert.Equal(6, samples.Blocks["a"].Length);
    }

    [Fact]
    public void A_round_in_which_a_parked_candidate_ran_does_not_count_and_is_made_up_for()
    {
        Samples samples = Run(Settings, new Fake("a"), new Fake("b") { Spins = [3] });

        Assert.Equal(2, samples.DiscardedRounds);
        Assert.Empty(samples.Failures);
        Assert.Equal([1, 4, 5, 6, 7, 8], samples.Blocks["a"].Select(b => (int)b.Bytes));
        Assert.Equal([1, 4, 5, 6, 7, 8], samples.Blocks["b"].Select(b => (int)b.Bytes));
    }

    [Fact]
    public void What_ran_after_the_last_block_discards_the_last_round()
    {
        Samples samples = Run(Settings, new Fake("a"), new Fake("b") { Spins = [7] });

        Assert.Equal(1, samples.DiscardedRounds);
        Assert.Equal(5, samples.Blocks["a"].Length);
    }

    [Fact]
    public void A_candidate_that_does_not_rest_is_sent_home_and_said_so()
    {
        Samples samples = Run(Settings, new Fake("a"), new Fake("spinner") { Spins = [1, 2, 3, 4, 5, 6, 7, 8] });

        Assert.Contains("does not rest while others run: it used 50 ms of CPU time in 100 ms", samples.Failures["spinner"].Message, StringComparison.Ordinal);
        Assert.Equal(["a"], samples.Blocks.Keys);
        Assert.Equal(6, samples.Blocks["a"].Length);
        Assert.Contains("end spinner", _log);
    }

    [Fact]
    public void One_that_fails_leaves_the_others()
    {
        Samples samples = Run(Settings, new Fake("a"), new Fake("b") { FailsIn = 3 }, new Fake("c") { FailsIn = -1 });

        Assert.Equal(["a"], samples.Blocks.Keys);
        Assert.Equal(["b", "c"], samples.Failures.Keys.Order());
        Assert.Equal(6, samples.Blocks["a"].Length);
    }

    [Fact]
    public void The_ratio_is_the_median_of_the_rounds_ratios()
    {
        // Every round has its own speed; one is always half again as slow.
        double[] speeds = [1, 5, 2, 9, 1, 3];
        Samples samples = new(new Dictionary<string, Block[]>
        {
            ["slow"] = [.. speeds.Select(s => Of(1.5 * s))],
            ["fast"] = [.. speeds.Select(Of)],
        });

        Interval ratio = samples.Ratio("slow", "fast");

        Assert.Equal(1.5, ratio.Median);
        // Widened by what two processes of one program differ.
        Assert.Equal(1.5 * 0.996, ratio.Low, 12);
        Assert.Equal(1.5 * 1.004, ratio.High, 12);
        Assert.Equal(1.5, samples.RatioOfMinima("slow", "fast"));

        static Block Of(double time) => new([time, time, 100], 0, 0, 0, 0, 0);
    }

    [Fact]
    public void Blocks_travel_as_text()
    {
        Block block = new([1.5, 2, 1234567], 1, 2, 3, 4, 5);

        Assert.Equal(block.Nanoseconds, Block.Parse(block.ToText()).Nanoseconds);
        Assert.Equal(block, Block.Parse(block.ToText()) with { Nanoseconds = block.Nanoseconds });
    }

    private Samples Run(MeasureSettings settings, params Fake[] fakes)
    {
        foreach (Fake fake in fakes)
            fake.Log = _log;
        Measurement measurement = new(
            c =>
            {
                _log.Add("start " + c.Name);
                return fakes.Single(f => f.Name == c.Name);
            },
            settings);
        return measurement.Run([.. fakes.Select(f => new Candidate(f.Name, "") { IsJudged = f.IsJudged, IsBound = f.IsBound, Callers = f.Callers })]);
    }

    private static Fake Judged(Func<int, double> time) => new("a") { IsJudged = true, Time = time };

    // Time passes when it is told to.
    private sealed class PassingClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => _now;

        public void Pass(int milliseconds) => _now += milliseconds;
    }

    // The number of its block stands in Bytes.
    private sealed class Fake(string name) : ICandidateWorker
    {
        private int _blocks;

        public string Name { get; } = name;

        public List<string> Log { get; set; } = [];

        public TimeSpan Call { get; init; } = TimeSpan.FromMilliseconds(1);

        public int Callers { get; init; } = 1;

        public bool IsJudged { get; init; }

        public bool IsBound { get; init; }

        public Action InBlock { get; init; } = static () => { };

        /// <summary>What each call of a block takes, in nanoseconds.</summary>
        public Func<int, double> Time { get; init; } = static _ => 0;

        /// <summary>It ran on before these blocks.</summary>
        public int[] Spins { get; init; } = [];

        /// <summary>-1: before the first.</summary>
        public int? FailsIn { get; init; }

        public TimeSpan Warm(TimeSpan time, int calls) => FailsIn == -1 ? throw new WorkerException("cannot", "") : Call;

        public Block Block(int count)
        {
            Log.Add(Name[..1]);
            InBlock();
            if (FailsIn == _blocks)
                throw new WorkerException("broke", "");
            int block = _blocks;
            return Rest() with { Nanoseconds = [.. Enumerable.Repeat(Time(block), count)] };
        }

        public Block Rest()
        {
            int block = _blocks++;
            long parked = Array.IndexOf(Spins, block) >= 0 ? 50_000_000 : 500_000;
            return new Block([], block, 0, 0, parked, 100_000_000);
        }

        public void Dispose() => Log.Add("end " + Name);
    }
}
