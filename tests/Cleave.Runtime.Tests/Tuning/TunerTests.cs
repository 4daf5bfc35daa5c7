using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Plans;
using Cleave.Runtime.Tests.Support;
using Cleave.Tuning;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Tuning;

/// <summary>What is measured again and what is not, and for how long. Here two plans of one part each are three ways.</summary>
public sealed class TunerTests
{
    private const string Unheard = "unheard";

    private static readonly MachineSignature Machine = new("test", 4, "1");
    private static readonly TimeSpan Plenty = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, int> _runs = new() { ["Whole"] = 0, ["Other"] = 0 };
    private readonly ModelDefinition _definition;
    private readonly ChosenPlan[] _ways;
    private int _sessions;
    private Action<string> _inRun = static _ => { };

    public TunerTests()
    {
        ModelDefinition plain = Definitions.Of(Model());
        Budget[] budgets = [new(1, PlanOf(plain, "Whole"), 1), new(2, PlanOf(plain, "Other"), 2)];
        _definition = Definitions.Of(Model(), budgets);
        _ways = [new(budgets[0].Plan, [1], 1), new(budgets[1].Plan, [2], 2), new(budgets[1].Plan, [1], 1)];
    }

    private int Runs => _runs.Values.Sum();

    [Fact]
    public void Nothing_is_opened_or_run_after_the_time()
    {
        ManualClock clock = new();
        _inRun = _ => clock.Pass(1000);
        Tuner tuner = Tuner(Timer(clock), Sample(1), Sample(2));
        // The first run takes longer than there is time.
        TuningSection section = tuner.Run(Machine, null, TimeSpan.FromMilliseconds(900));
        Assert.Equal((1, 2), (Runs, _sessions));
        Assert.False(section.IsComplete);
        Assert.Empty(section.Requests);

        PairTimer over = Timer(clock);
        using TuningCandidate one = new(_definition, Options(), _ways[0]), other = new(_definition, Options(), _ways[1]);
        one.Take(Sample(1));
        other.Take(Sample(1));
        Assert.Null(over.Compare(one, other, over.Now));
        Assert.Null(over.Crowd(one, 4, over.Now));
        Assert.Equal(1, Runs);
        // Time for the first one's warm-up.
        Assert.Null(over.Compare(one, other, over.After(TimeSpan.FromMilliseconds(500))));
        Assert.Null(over.Crowd(one, 4, over.After(TimeSpan.FromMilliseconds(500))));
        Assert.Equal((3, 0), (_runs["Whole"], _runs["Other"]));
    }

    [Fact]
    public void However_much_time_is_given_it_is_not_over_at_once()
    {
        PairTimer timer = Timer();
        Assert.InRange(timer.After(TimeSpan.MaxValue), timer.After(TimeSpan.FromDays(10_000)), long.MaxValue);
        TuningSection section = Tuner(timer, Sample(1)).Run(Machine, null, TimeSpan.MaxValue);
        Assert.True(section.IsComplete);
        Assert.Equal(3, section.Requests[0].Times.Count);
    }

    [Fact]
    public void What_was_measured_in_a_hurry_is_measured_again()
    {
        TuningSection hurried = Section(Request(1, Time(0, 1_000_000_000, PairTimer.Fewest), Time(1, 1_000_000_000, PairTimer.Fewest) with { Crowded = 2_000_000_000 }, Time(2, 500_000_000, 99)));
        TunedRequest request = Tuner(Timer(), Sample(1)).Run(Machine, hurried, Plenty).Requests.Single();
        TunedTime first = Find(request, 0), again = Find(request, 1), kept = Find(request, 2);
        Assert.All([first, again], static t => Assert.InRange(t.Rounds, PairTimer.Enough, int.MaxValue));
        // A run takes no second; what was measured with care is still half of it.
        Assert.InRange(first.Nanoseconds, 1, 100_000_000);
        Assert.InRange(again.Nanoseconds, 1, 100_000_000);
        Assert.Equal(2, (double)again.Crowded / again.Nanoseconds, 0.01);
        Assert.Equal((99, 0.5), (kept.Rounds, Math.Round((double)kept.Nanoseconds / first.Nanoseconds, 2)));

        _runs["Whole"] = _runs["Other"] = 0;
        TuningSection settled = Section(request);
        Assert.Equal(request.Times, Tuner(Timer(), Sample(1)).Run(Machine, settled, Plenty).Requests.Single().Times);
        Assert.Equal(0, Runs);
    }

    /// <summary>Divided among all, a little time would leave each as hurried as it was, however often it is given.</summary>
    [Fact]
    public void What_was_measured_in_a_hurry_is_measured_again_one_after_the_other()
    {
        ManualClock clock = new();
        _inRun = _ => clock.Pass(1);
        TunedTime[] hurried = [.. Enumerable.Range(0, 3).Select(w => Time(w, 1_000_000_000, PairTimer.Fewest))];
        // Two warm-ups of 12,000 runs each at most, and 25 turns of twice 1,001, are 75 seconds.
        TuningSection section = Tuner(Timer(clock), Sample(1), Sample(2)).Run(Machine, Section(Request(1, hurried), Request(2, hurried)), TimeSpan.FromSeconds(80));
        Assert.Contains(section.Requests.SelectMany(static q => q.Times.Skip(1)), static t => t.Rounds >= PairTimer.Enough);
    }

    /// <summary>A model may do other work with other numbers, whatever the size.</summary>
    [Fact]
    public void What_was_measured_with_other_numbers_is_measured_again_and_stays_where_these_are_refused()
    {
        TunedTime[] times = [.. Enumerable.Range(0, 3).Select(w => Time(w, 77, 99))];
        TuningSection known = Section(Request(1, times) with { Fills = ["sr=8000"] });
        Assert.Equal(known.Requests, Tuner(Timer(), Sample(1) with { Fills = ["sr=8000"] }).Run(Machine, known, Plenty).Requests.Select(q => known.Requests[0] with { Times = q.Times.SequenceEqual(times) ? known.Requests[0].Times : q.Times }));
        // What an application sends is not told in these words.
        Assert.Equal(times, Tuner(Timer(), Sample(1)).Run(Machine, known, Plenty).Requests.Single().Times);
        Assert.Equal(0, Runs);

        TunedRequest other = Tuner(Timer(), Sample(1) with { Fills = ["sr=16000"] }).Run(Machine, known, Plenty).Requests.Single();
        Assert.Equal(["sr=16000"], other.Fills);
        Assert.DoesNotContain(other.Times, static t => t.Nanoseconds == 77);

        _inRun = static _ => throw new CleaveException("CLV4008", Unheard);
        Assert.Equal(["sr=8000"], Tuner(Timer(), Sample(1) with { Fills = [] }).Run(Machine, known, Plenty).Requests.Single().Fills);
    }

    [Fact]
    public void Times_beside_an_unknown_first_way_are_measured_again()
    {
        // All others are known, so that none of them would have it measured.
        TuningSection known = Section(
            Request(1, Time(1, 77, 99), Time(2, 78, 99)), Request(2, Time(0, 70, 99), Time(1, 71, 99), Time(2, 72, 99)), Request(3, Time(1, 79, 99)));
        TuningSection section = Tuner(Timer(), Sample(1), Sample(2)).Run(Machine, known, Plenty);
        Assert.True(section.IsComplete);
        Assert.Equal([3, 3, 1], section.Requests.Select(static r => r.Times.Count));
        Assert.DoesNotContain(section.Requests[0].Times, static t => t.Nanoseconds is 77 or 78);
        Assert.Equal("Whole 1", section.Requests[0].Times[0].Words);
        Assert.Equal([70, 71, 72], section.Requests[1].Times.Select(static t => t.Nanoseconds));
    }

    [Fact]
    public void What_one_way_refuses_the_others_still_run()
    {
        _inRun = static way =>
        {
            if (way == "Other")
                throw new CleaveException("CLV4008", Unheard);
        };
        Tuner tuner = Tuner(Timer(), Sample(1));
        // Both of its ways fail; that is all that can be known.
        TuningSection section = tuner.Run(Machine, Section(Request(1, Time(0, 100, 99))), Plenty);
        Assert.Equal(["n=1: Other with 2 threads: CLV4008: unheard", "n=1: Other with 1 thread: CLV4008: unheard"], tuner.Refused);
        Assert.Equal(["Whole 1"], section.Requests.Single().Times.Select(static t => t.Words));
        Assert.True(section.IsComplete);

        _inRun = static way =>
        {
            if (way == "Whole")
                throw new CleaveException("CLV4008", Unheard);
        };
        tuner = Tuner(Timer(), Sample(1));
        section = tuner.Run(Machine, null, Plenty);
        Assert.Equal(["n=1: CLV4008: unheard"], tuner.Refused);
        Assert.Empty(section.Requests);
        Assert.False(section.IsComplete);
    }

    [Fact]
    public void A_turn_in_which_a_request_began_does_not_count()
    {
        ManualClock clock = new();
        long begun = 0;
        using TuningCandidate one = new(_definition, Options(), _ways[0]), other = new(_definition, Options(), _ways[1]);
        one.Take(Sample(1));
        other.Take(Sample(1));
        _inRun = _ =>
        {
            clock.Pass(10);
            begun++;
        };
        // Each begins and ends within a turn.
        PairTimer timer = new(static () => false, () => begun, TimeSpan.Zero, default) { Clock = clock };
        Assert.Null(timer.Compare(one, other, timer.After(TimeSpan.FromMinutes(5))));
        _inRun = _ => clock.Pass(10);
        Assert.NotNull(timer.Compare(one, other, timer.After(TimeSpan.FromMinutes(5))));

        // While one runs, not even a warm-up does.
        _runs["Whole"] = _runs["Other"] = 0;
        PairTimer busy = new(
            () =>
            {
                clock.Pass(1000);
                return true;
            },
            static () => 0, TimeSpan.Zero, default)
        { Clock = clock };
        Assert.Null(busy.Compare(one, other, busy.After(TimeSpan.FromSeconds(5))));
        Assert.Null(busy.Crowd(one, 4, busy.After(TimeSpan.FromSeconds(5))));
        Assert.Equal(0, Runs);
    }

    [Fact]
    public async Task Requests_that_begin_and_end_within_each_turn_leave_nothing_measured()
    {
        await using LooseRunner runner = new(_definition, Options(isTrial: false));
        int inside = 0;
        _inRun = _ =>
        {
            if (Interlocked.Exchange(ref inside, 1) == 1)
                return;
            runner.Run(Bound(1)).Dispose();
            Volatile.Write(ref inside, 0);
        };
        TuningResult result = await runner.TuneAsync(TimeSpan.FromSeconds(1), [Bound(1)]);
        Assert.True(Runs > 2);
        Assert.Empty(result.Requests);
        Assert.Contains("requests ran all the time", Assert.Single(result.Notes));
    }

    [Fact]
    public void Samples_of_one_size_are_one()
    {
        TuningSample first = Sample(1);
        IReadOnlyList<TuningSample> samples = TuningSample.OneOfEach([first, Sample(2), Sample(1), Sample(2)]);
        Assert.Equal([1, 2], samples.Select(static s => s.Dims[0]));
        Assert.Same(first, samples[0]);
    }

    private static OnnxProto.ModelProto Model() => Onnx.Model(
        [Tensor("x", ElementType.Float, "n")], [Tensor("y", ElementType.Float, "n")], [Node("Abs", ["x"], ["y"])]);

    private static Request Bound(int n) => (ref InputBinder b) =>
    {
        b.Dim(n);
        b.Copy<float>(0, new float[n]);
    };

    private static TuningSample Sample(int n) => new(["n"], [n], static _ => { });

    private static PairTimer Timer(TimeProvider? clock = null) => new(static () => false, static () => 0, TimeSpan.Zero, default) { Clock = clock ?? TimeProvider.System };

    private static TunedRequest Request(int n, params TunedTime[] times) => new(["n"], [n], times);

    private TuningSection Section(params TunedRequest[] requests) => new(Machine, _definition.Hash, true, requests);

    private TunedTime Time(int way, long nanoseconds, int rounds) => new(_ways[way].Plan.Name, _ways[way].Threads, nanoseconds, rounds);

    private TunedTime Find(TunedRequest request, int way) => request.Find(_ways[way].Plan.Name, _ways[way].Threads)!;

    private Tuner Tuner(PairTimer timer, params TuningSample[] samples) => new(_definition, Options(), _ways, samples, 1, timer, null);

    private RunnerOptions Options(bool isTrial = true) => new()
    {
        Model = ModelSource.Bytes(Model().ToByteArray()),
        IsTrial = isTrial,
        Batching = BatchingOptions.Off,
        Cores = 2,
        TuningSpan = TimeSpan.Zero,
        Ledger = Ledgers.Own(2),
        ConfigureSession = isTrial ? (_, _) => Interlocked.Increment(ref _sessions) : null,
    };

    private Plan PlanOf(ModelDefinition plain, string name)
    {
        Segment all = new(name, "*", plain.Inputs, plain.Outputs);
        return new Plan(name, [all], lane =>
        {
            // Opening the plan reads it.
            if (lane is RunningLane)
            {
                lock (_runs)
                    _runs[name]++;
                _inRun(name);
            }
            lane.Run(all);
        });
    }
}
