using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Clustering;

/// <summary>Tasks of a lane that run in one session, in order; the clones they need among them.</summary>
internal sealed record LaneSegment(int Lane, IReadOnlyList<int> Tasks);

/// <summary>
/// Cuts lanes into segments, and predicts how long they take. Every lane runs its tasks in one order common to all, by falling
/// distance to the end: so no lanes can wait for each other, whichever task is where. A lane is cut
/// before a task that waits for a task of another lane, the first time it is waited for, and after the last of those tasks
/// that a task of another lane waits for. Segments ordered by their first tasks are then each after those they read from.
/// </summary>
internal sealed class LaneWalk
{
    /// <summary>Lanes are bits.</summary>
    public const int MostLanes = 64;

    private readonly LaneTasks _tasks;
    private readonly int[] _order;
    private readonly int[] _position;
    private readonly int[] _segmentOf;
    private readonly bool[] _closes;
    private readonly ulong[] _knownIn;
    private readonly double[] _ends;
    private readonly double[] _clock = new double[MostLanes];
    private readonly int[] _open = new int[MostLanes];
    private readonly int[] _last = new int[MostLanes];
    private readonly int[] _lastOf = new int[MostLanes];
    private readonly double[] _calls = new double[MostLanes];
    private readonly double[][] _weights = new double[MostLanes][];
    // By lane: the clones of its open segment. Each segment makes its own: a value that is handed on has one writer.
    private readonly List<int>[] _clones = new List<int>[MostLanes];
    private List<LaneSegment>? _segments;

    /// <param name="tasks">The tasks.</param>
    /// <param name="order">All of them, each after those it depends on.</param>
    public LaneWalk(LaneTasks tasks, int[] order)
    {
        _tasks = tasks;
        _order = order;
        _position = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
            _position[order[i]] = i;
        _segmentOf = new int[order.Length];
        _closes = new bool[order.Length];
        _knownIn = new ulong[order.Length];
        _ends = new double[order.Length];
        for (int lane = 0; lane < MostLanes; lane++)
            _clones[lane] = [];
    }

    /// <summary>Of the last walk, as far as it went.</summary>
    public int SegmentCount { get; private set; }

    /// <summary>Nanoseconds until all lanes are done.</summary>
    /// <param name="laneOf">By task: its lane; of cloned tasks it says nothing.</param>
    /// <param name="threads">By lane.</param>
    /// <param name="limit">From here on nobody wants to know.</param>
    [MethodImpl(JustInTime.Optimized)]
    public double Makespan(int[] laneOf, int[] threads, double limit = double.PositiveInfinity)
    {
        FindCloses(laneOf);
        Array.Clear(_knownIn, 0, _knownIn.Length);
        for (int lane = 0; lane < MostLanes; lane++)
        {
            _clock[lane] = 0;
            _open[lane] = -1;
            _clones[lane].Clear();
        }
        for (int lane = 0; lane < threads.Length; lane++)
        {
            _calls[lane] = _tasks.Call(threads[lane]);
            _weights[lane] = _tasks.Times(threads[lane]);
        }
        SegmentCount = 0;
        double makespan = 0;
        foreach (int task in _order)
        {
            if (_tasks.IsCloned[task])
                continue;
            int lane = laneOf[task];
            Run(task, lane, laneOf);
            makespan = Math.Max(makespan, _clock[lane]);
            if (makespan >= limit)
                return makespan;
        }
        return makespan;
    }

    /// <summary>The segments of all lanes, each after those it reads from.</summary>
    public IReadOnlyList<LaneSegment> Segments(int[] laneOf, int[] threads)
    {
        List<LaneSegment> segments = _segments = [];
        Makespan(laneOf, threads);
        _segments = null;
        return segments;
    }

    [MethodImpl(JustInTime.Optimized)]
    private void Run(int task, int lane, int[] laneOf)
    {
        double ready = 0;
        bool waits = false;
        foreach (int predecessor in _tasks.Graph.Predecessors[task])
        {
            if (_tasks.IsCloned[predecessor] || laneOf[predecessor] == lane || IsKnown(predecessor, lane))
                continue;
            waits = true;
            ready = Math.Max(ready, _ends[_segmentOf[predecessor]] + _tasks.HandOff);
            _knownIn[predecessor] |= 1UL << lane;
        }
        if (waits || _open[lane] < 0)
            Open(lane, ready);
        foreach (int predecessor in _tasks.Graph.Predecessors[task])
        {
            if (_tasks.IsCloned[predecessor])
                Clone(predecessor, lane);
        }
        Add(task, lane);
        _segmentOf[task] = _open[lane];
        _ends[_open[lane]] = _clock[lane];
        if (_closes[task])
            _open[lane] = -1;
    }

    private bool IsKnown(int task, int lane) => (_knownIn[task] >> lane & 1) != 0;

    [MethodImpl(JustInTime.Optimized)]
    private void Open(int lane, double ready)
    {
        _open[lane] = SegmentCount++;
        foreach (int clone in _clones[lane])
            _knownIn[clone] &= ~(1UL << lane);
        _clones[lane].Clear();
        _clock[lane] = Math.Max(_clock[lane], ready) + _calls[lane];
        _segments?.Add(new LaneSegment(lane, new List<int>()));
    }

    [MethodImpl(JustInTime.Optimized)]
    private void Clone(int task, int lane)
    {
        if (IsKnown(task, lane))
            return;
        _knownIn[task] |= 1UL << lane;
        _clones[lane].Add(task);
        foreach (int predecessor in _tasks.Graph.Predecessors[task])
            Clone(predecessor, lane);
        Add(task, lane);
    }

    [MethodImpl(JustInTime.Optimized)]
    private void Add(int task, int lane)
    {
        _clock[lane] += _weights[lane][task];
        if (_segments != null)
            ((List<int>)_segments[_open[lane]].Tasks).Add(task);
    }

    // A task of another lane waits for the last of its predecessors in each lane: that one's segment ends there.
    [MethodImpl(JustInTime.Optimized)]
    private void FindCloses(int[] laneOf)
    {
        Array.Clear(_closes, 0, _closes.Length);
        for (int lane = 0; lane < MostLanes; lane++)
            _lastOf[lane] = -1;
        for (int task = 0; task < laneOf.Length; task++)
        {
            if (_tasks.IsCloned[task])
                continue;
            int[] predecessors = _tasks.Graph.Predecessors[task];
            foreach (int predecessor in predecessors)
            {
                int lane = laneOf[predecessor];
                if (_tasks.IsCloned[predecessor] || lane == laneOf[task])
                    continue;
                if (_lastOf[lane] != task || _position[predecessor] > _position[_last[lane]])
                    _last[lane] = predecessor;
                _lastOf[lane] = task;
            }
            foreach (int predecessor in predecessors)
            {
                if (_lastOf[laneOf[predecessor]] == task)
                    _closes[_last[laneOf[predecessor]]] = true;
            }
        }
    }
}
