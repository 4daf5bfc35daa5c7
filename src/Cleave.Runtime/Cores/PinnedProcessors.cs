using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Cores;

/// <summary>
/// Which processors the pinned lanes of this process's runners have: no two runners share one. Holds the leases weakly: those of a runner that was
/// forgotten are free again. Thread-safe.
/// </summary>
internal sealed class PinnedProcessors
{
    private readonly List<WeakReference<ProcessorLease>> _leases = [];

    /// <summary>Processors for the lanes of a plan. Null where others have some, and fewer are left than the lanes have threads.</summary>
    /// <param name="topology">What there is.</param>
    /// <param name="threadsOfLanes">The lanes.</param>
    /// <param name="before">Those of what is replaced, which are there to be taken; those that are taken as they are leave it. Null: nothing is.</param>
    public ProcessorLease? Take(Topology topology, int[] threadsOfLanes, List<ProcessorLease>? before = null)
    {
        lock (_leases)
        {
            // Not those that were given back meanwhile: others may have them.
            if (before?.Find(lease => lease.Threads.SequenceEqual(threadsOfLanes) && Living().Contains(lease)) is { } same)
            {
                before!.Remove(same);
                return Share(same);
            }
            HashSet<int> taken = [.. Living().Where(lease => before?.Contains(lease) != true).SelectMany(static lease => lease.Lanes).SelectMany(static lane => lane)];
            Processor[] left = Array.FindAll(topology.Processors, p => !taken.Contains(p.Number));
            if (left.Length < topology.Processors.Length && left.Length < threadsOfLanes.Sum())
                return null;
            ProcessorLease lease = new(CoreSets.For(new Topology(left), threadsOfLanes), threadsOfLanes);
            _leases.Add(new WeakReference<ProcessorLease>(lease));
            return lease;
        }
    }

    // The same processors once more, for what is to take the place of their runner's sessions.
    private ProcessorLease Share(ProcessorLease lease)
    {
        ProcessorLease shared = new(lease.Lanes, lease.Threads);
        _leases.Add(new WeakReference<ProcessorLease>(shared));
        return shared;
    }

    /// <summary>Gives them back.</summary>
    public void Return(ProcessorLease lease)
    {
        lock (_leases)
            _leases.RemoveAll(entry => !entry.TryGetTarget(out ProcessorLease? one) || one == lease);
    }

    private List<ProcessorLease> Living()
    {
        List<ProcessorLease> living = [];
        foreach (WeakReference<ProcessorLease> entry in _leases)
        {
            if (entry.TryGetTarget(out ProcessorLease? lease))
                living.Add(lease);
        }
        return living;
    }
}

/// <summary>Processors that a runner has for itself.</summary>
/// <param name="lanes">Those of each lane.</param>
/// <param name="threads">The threads of each lane, which may be more.</param>
internal sealed class ProcessorLease(int[][] lanes, int[] threads)
{
    /// <summary>Those of each lane.</summary>
    public int[][] Lanes { get; } = lanes;

    /// <summary>The threads of each lane.</summary>
    public int[] Threads { get; } = threads;
}
