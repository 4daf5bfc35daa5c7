using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace Cleave.Tool.Measuring;

/// <summary>What is told while a measurement goes on.</summary>
/// <param name="Done">Blocks measured so far.</param>
/// <param name="Of">Blocks in all; 0 while candidates are started and warmed.</param>
/// <param name="Left">About how long the rest takes; null while that is not known.</param>
/// <param name="What">The candidate whose turn it is.</param>
internal sealed record MeasureProgress(int Done, int Of, TimeSpan? Left, string What);

/// <summary>
/// Compares candidates on a machine that is not quiet: each in a process of its own, started once; one block of each in
/// turn, round after round, so that what disturbs one disturbs all of them alike. A round in which a parked candidate used
/// CPU time does not count.
/// </summary>
internal sealed class Measurement(Func<Candidate, ICandidateWorker> start, MeasureSettings settings, Action<MeasureProgress>? progress = null)
{
    private readonly List<Participant> _participants = [];
    private readonly Dictionary<string, Failure> _failures = new(StringComparer.Ordinal);
    private readonly HashSet<int> _invalid = [];

    /// <summary>Says how long blocks take; another one in tests.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    // Rounds that are to count; more where they turn out not to say enough.
    private int _wanted = settings.Rounds;

    // Who runs on so often, in spite of having come to rest after its block, is sent home.
    private int MostOffences => Math.Max(3, _wanted / 4);

    public Samples Run(IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken = default)
    {
        try
        {
            foreach (Candidate candidate in candidates)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Invoke(new MeasureProgress(0, 0, null, candidate.Name));
                Start(candidate);
            }
            Rehearse(cancellationToken);
            int rounds = RunRounds(cancellationToken);
            foreach (Participant participant in _participants.ToArray())
                Try(participant, p => Check(p, p.Worker.Rest(), rounds));
            if (rounds > 0 && _invalid.Count(r => r < rounds) == rounds)
                FailAll("every round was disturbed by a parked candidate's threads");
            // Ctrl+C ends the workers, too: what they did not answer then is no result.
            cancellationToken.ThrowIfCancellationRequested();
            return Collect(rounds);
        }
        finally
        {
            foreach (Participant participant in _participants)
                participant.Worker.Dispose();
        }
    }

    private int RunRounds(CancellationToken cancellationToken)
    {
        int rounds = 0;
        // Rounds that do not count are made up for, as often again at most.
        while (rounds - _invalid.Count < _wanted && rounds < 2 * _wanted && _participants.Count > 0)
        {
            Round(rounds++, cancellationToken);
            int most = settings.Rounds * settings.Extension;
            // Not after each round: whoever looks often enough finds a narrow interval by chance.
            if (rounds - _invalid.Count == _wanted && _wanted < most && IsVague(rounds))
                _wanted = Math.Min(most, _wanted + Math.Max(1, settings.Rounds / 2));
        }
        return rounds;
    }

    private bool IsVague(int rounds)
    {
        Samples samples = Collect(rounds);
        return _participants.Select(static p => p.Candidate).Where(static c => !c.IsBound).GroupBy(static c => c.Callers).Any(load =>
            Best(load.Where(static c => c.IsJudged)) is { } judged && Best(load.Where(static c => !c.IsJudged)) is { } other && samples.Ratio(judged, other).Width > settings.Width);

        string? Best(IEnumerable<Candidate> candidates) => candidates.Select(static c => c.Name).MinBy(samples.Median);
    }

    private void Start(Candidate candidate)
    {
        ICandidateWorker? worker = null;
        try
        {
            worker = start(candidate);
            TimeSpan call = worker.Warm(settings.WarmUp, candidate.Callers);
            _participants.Add(new Participant(candidate, worker, settings.CallsFor(call / candidate.Callers, candidate.Callers)));
        }
        catch (WorkerException e)
        {
            worker?.Dispose();
            _failures.Add(candidate.Name, new Failure(e.Message, e.Details));
        }
    }

    // One round that is not kept: what is compiled or allocated for the first block, and what was left of the start.
    // How long it takes is how long each of the others will.
    private void Rehearse(CancellationToken cancellationToken)
    {
        foreach (Participant participant in _participants.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Invoke(new MeasureProgress(0, 0, null, participant.Candidate.Name));
            long start = Clock.GetTimestamp();
            Try(participant, static p => p.Worker.Block(p.Calls));
            participant.Turn = Clock.GetElapsedTime(start);
        }
    }

    private void Round(int round, CancellationToken cancellationToken)
    {
        // Another one begins each round: nobody is always the first after the last.
        Participant[] order = [.. Enumerable.Range(0, _participants.Count).Select(turn => _participants[(turn + round) % _participants.Count])];
        for (int turn = 0; turn < order.Length; turn++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Say(round, turn, order[turn]);
            Try(order[turn], p =>
            {
                Block block = p.Worker.Block(p.Calls);
                p.Blocks.Add(block);
                Check(p, block, round);
            });
        }
    }

    // The time since its last block reaches back into the round before.
    private void Check(Participant participant, Block block, int round)
    {
        TimeSpan cpu = TimeSpan.FromTicks(block.Parked / TimeSpan.NanosecondsPerTick);
        TimeSpan time = TimeSpan.FromTicks(block.ParkedFor / TimeSpan.NanosecondsPerTick);
        if (!CpuRest.Spun(cpu, time))
            return;
        if (round > 0)
            _invalid.Add(round - 1);
        _invalid.Add(round);
        if (++participant.Offences >= MostOffences)
        {
            throw new WorkerException(
                $"does not rest while others run: it used {cpu.TotalMilliseconds:0} ms of CPU time in {time.TotalMilliseconds:0} ms of waiting", "");
        }
    }

    private void Try(Participant participant, Action<Participant> action)
    {
        try
        {
            action(participant);
        }
        catch (WorkerException e)
        {
            _failures[participant.Candidate.Name] = new Failure(e.Message, e.Details);
            _participants.Remove(participant);
            participant.Worker.Dispose();
        }
    }

    private void FailAll(string why)
    {
        foreach (Participant participant in _participants.ToArray())
            Try(participant, _ => throw new WorkerException(why, ""));
    }

    private void Say(int round, int turn, Participant next)
    {
        if (progress is null)
            return;
        int all = _wanted * _participants.Count;
        int done = Math.Min(all, round * _participants.Count + turn);
        TimeSpan perRound = _participants.Aggregate(TimeSpan.Zero, static (sum, p) => sum + p.Turn);
        progress(new MeasureProgress(done, all, perRound * _wanted * (1 - (double)done / all), next.Candidate.Name));
    }

    private Samples Collect(int rounds)
    {
        int[] valid = [.. Enumerable.Range(0, rounds).Where(r => !_invalid.Contains(r))];
        return new Samples(_participants.ToDictionary(p => p.Candidate.Name, p => valid.Select(r => p.Blocks[r]).ToArray(), StringComparer.Ordinal))
        {
            Failures = _failures,
            DiscardedRounds = rounds - valid.Length,
        };
    }

    private sealed class Participant(Candidate candidate, ICandidateWorker worker, int calls)
    {
        public Candidate Candidate { get; } = candidate;

        public ICandidateWorker Worker { get; } = worker;

        public int Calls { get; } = calls;

        /// <summary>How long a block takes, with what comes before and after it.</summary>
        public TimeSpan Turn { get; set; }

        public List<Block> Blocks { get; } = [];

        public int Offences { get; set; }
    }
}
