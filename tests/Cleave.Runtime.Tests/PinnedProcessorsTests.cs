using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using Cleave.Cores;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>Runners of one process that pin their lanes never share a processor.</summary>
public sealed class PinnedProcessorsTests
{
    // Four cores of two threads: 0 and 4 belong to the first.
    private static readonly Topology FourCores = new([.. Enumerable.Range(0, 8).Select(static n => new Processor(n, n / 4, 0, 0, false))]);

    private readonly PinnedProcessors _pinned = new();

    [Fact]
    public void The_second_gets_what_the_first_left()
    {
        Assert.Equal([[0, 1], [2]], _pinned.Take(FourCores, [2, 1])!.Lanes);
        ProcessorLease second = _pinned.Take(FourCores, [1, 1])!;
        Assert.Equal([[3], [4]], second.Lanes);
        Assert.Null(_pinned.Take(FourCores, [2, 2]));
        _pinned.Return(second);
        Assert.Equal([[3, 4], [5, 6]], _pinned.Take(FourCores, [2, 2])!.Lanes);
    }

    [Fact]
    public void More_threads_than_processors_share_them_where_nobody_else_has_any()
    {
        ProcessorLease all = _pinned.Take(FourCores, [8, 2])!;
        Assert.Equal([0, 1], all.Lanes[1]);
        Assert.Null(_pinned.Take(FourCores, [1]));
    }

    [Fact]
    public void What_takes_the_place_of_a_runner_s_sessions_gets_its_processors_or_others_where_its_lanes_are_others()
    {
        ProcessorLease before = _pinned.Take(FourCores, [1, 1])!, another = _pinned.Take(FourCores, [1, 1])!;
        ProcessorLease same = _pinned.Take(FourCores, [1, 1], [before])!;
        Assert.Equal(before.Lanes, same.Lanes);
        _pinned.Return(before);
        // More lanes of more threads: what it had itself, and what is free, but nothing of the other's.
        ProcessorLease grown = _pinned.Take(FourCores, [2, 2, 2], [same])!;
        Assert.Equal([2, 2, 2], grown.Lanes.Select(static lane => lane.Length));
        Assert.Empty(grown.Lanes.SelectMany(static lane => lane).Intersect(another.Lanes.SelectMany(static lane => lane)));
    }

    [Fact]
    public void Those_of_a_forgotten_runner_are_free_again()
    {
        Forget();
        GC.Collect();
        Assert.Equal([[0, 1, 2, 3, 4, 5, 6, 7]], _pinned.Take(FourCores, [8])!.Lanes);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Forget() => Assert.NotNull(_pinned.Take(FourCores, [8]));
    }

    [Fact]
    public void However_many_ask_at_once_no_processor_is_given_twice()
    {
        Topology many = new([.. Enumerable.Range(0, 64).Select(static n => new Processor(n, 0, n / 8, n / 32, false))]);
        for (int round = 0; round < 50; round++)
        {
            ProcessorLease?[] leases = new ProcessorLease?[40];
            Parallel.For(0, leases.Length, i => leases[i] = _pinned.Take(many, [1, 1]));
            IEnumerable<int> given = leases.OfType<ProcessorLease>().SelectMany(static lease => lease.Lanes).SelectMany(static lane => lane);
            Assert.Equal(Enumerable.Range(0, 64), given.Order());
            Parallel.ForEach(leases.OfType<ProcessorLease>(), _pinned.Return);
        }
    }

    [SkippableFact]
    public void A_runner_without_processors_of_its_own_runs_unpinned_with_a_warning()
    {
        Skip.If(AffinityMask.Processors().Length < 2, "skipped: the process has one processor");
        CoreLedger ledger = Ledgers.Own(2);
        ListLogger logger = new();
        int all = AffinityMask.Processors().Length;
        using (LooseRunner first = SplitModel.Lookup().Runner(new() { Pinning = true, Ledger = ledger, Logger = logger }))
        {
            // What the first left, but one.
            ProcessorLease? others = all > 3 ? ledger.Pinned.Take(Topology.Read(ProcessFiles.System, AffinityMask.Processors()), [all - 3]) : null;
            Assert.Empty(logger.Warnings);
            using LooseRunner second = SplitModel.Lookup().Runner(new() { Pinning = true, Ledger = ledger, Logger = logger });
            Assert.Contains("does not pin the lanes", Assert.Single(logger.Warnings));
            Assert.Null(second.Engine.Plan.Pins);
            second.Run(SplitModel.LookupOf(1, 1)).Dispose();
            if (others != null)
                ledger.Pinned.Return(others);
        }
        using LooseRunner third = SplitModel.Lookup().Runner(new() { Pinning = true, Ledger = ledger, Logger = logger });
        Assert.NotNull(third.Engine.Plan.Pins);
        Assert.Single(logger.Warnings);
    }
}
