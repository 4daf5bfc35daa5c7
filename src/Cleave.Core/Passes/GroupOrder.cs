using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Passes;

/// <summary>
/// Groups in an order in which each stands after those it depends on, while groups become one and others move. Each has a number that rises along the order,
/// with room between two of them; where there is none left, all are numbered anew.
/// </summary>
internal sealed class GroupOrder
{
    // Before the first one and behind the last one: the order is a ring.
    private readonly int _ends;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly long[] _number;

    /// <param name="order">All groups, each after those it depends on.</param>
    [MethodImpl(JustInTime.Optimized)]
    public GroupOrder(int[] order)
    {
        _ends = order.Length;
        _next = new int[order.Length + 1];
        _previous = new int[order.Length + 1];
        _number = new long[order.Length + 1];
        Link(order, _ends, _ends);
        NumberAll();
    }

    /// <summary>Whether a group stands before another one.</summary>
    public bool IsBefore(int one, int other) => _number[one] < _number[other];

    /// <summary>Takes a group out.</summary>
    public void Remove(int group)
    {
        _next[_previous[group]] = _next[group];
        _previous[_next[group]] = _previous[group];
    }

    /// <summary>Puts a group that was taken out where another one stands, and takes that one out.</summary>
    public void Replace(int group, int by)
    {
        (_next[by], _previous[by], _number[by]) = (_next[group], _previous[group], _number[group]);
        _previous[_next[by]] = by;
        _next[_previous[by]] = by;
    }

    /// <summary>Moves groups, as they follow one another, to where they stand directly before or behind one.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public void Move(List<int> groups, int to, bool before)
    {
        if (groups.Count == 0)
            return;
        groups.Sort((a, b) => _number[a].CompareTo(_number[b]));
        foreach (int group in groups)
            Remove(group);
        int from = before ? _previous[to] : to, end = _next[from];
        Link(groups, from, end);
        long low = from == _ends ? 0 : _number[from], step = ((end == _ends ? long.MaxValue : _number[end]) - low) / (groups.Count + 1);
        if (step == 0)
        {
            NumberAll();
            return;
        }
        foreach (int group in groups)
            _number[group] = low += step;
    }

    // Has groups stand one after the other between two that they do not contain.
    [MethodImpl(JustInTime.Optimized)]
    private void Link(IReadOnlyList<int> groups, int from, int to)
    {
        int last = from;
        for (int i = 0; i < groups.Count; i++)
        {
            _next[last] = groups[i];
            _previous[groups[i]] = last;
            last = groups[i];
        }
        _next[last] = to;
        _previous[to] = last;
    }

    [MethodImpl(JustInTime.Optimized)]
    private void NumberAll()
    {
        long step = long.MaxValue / (_number.Length + 1), number = 0;
        for (int group = _next[_ends]; group != _ends; group = _next[group])
            _number[group] = number += step;
    }
}
