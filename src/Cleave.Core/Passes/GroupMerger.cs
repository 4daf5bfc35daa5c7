using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Passes;

/// <summary>
/// Groups of nodes that grow while fusions are found. Always a partition whose groups depend on each other in one direction only,
/// so each is convex: a merge that would close a circle is refused.
/// </summary>
internal sealed class GroupMerger
{
    // A merge whose proof would look at more groups, or at more that they read or are read by, is refused: the time stays bounded on graphs that no exporter writes.
    private const int MostVisited = 1024;
    private const int MostSteps = 32 * MostVisited;

    private readonly int[][] _predecessors;
    private readonly int[][] _successors;
    private readonly int[] _place;
    private readonly int[] _parent;
    // The nodes of a group form a ring.
    private readonly int[] _next;
    private readonly int[] _size;
    private readonly int[] _nodes;
    private readonly GroupOrder _order;
    private readonly string?[] _kind;
    private readonly int[] _stamp;
    private int _now;

    /// <param name="predecessors">By node: the nodes that run and whose values it reads.</param>
    /// <param name="successors">By node: the nodes that run and read its values.</param>
    /// <param name="order">All nodes, each after its predecessors.</param>
    /// <param name="isNothing">Whether a node does nothing: such nodes may always be taken along.</param>
    [MethodImpl(JustInTime.Optimized)]
    public GroupMerger(int[][] predecessors, int[][] successors, int[] order, Func<int, bool> isNothing)
    {
        _predecessors = predecessors;
        _successors = successors;
        int count = order.Length;
        _place = new int[count];
        for (int i = 0; i < count; i++)
            _place[order[i]] = i;
        _parent = new int[count];
        _next = new int[count];
        _size = new int[count];
        _nodes = new int[count];
        _order = new GroupOrder(order);
        _kind = new string?[count];
        _stamp = new int[count];
        for (int node = 0; node < count; node++)
        {
            _parent[node] = _next[node] = node;
            _size[node] = isNothing(node) ? 0 : 1;
            _nodes[node] = 1;
        }
    }

    /// <summary>The group of a node: one of its nodes, the same for all.</summary>
    public int GroupOf(int node)
    {
        while (_parent[node] != node)
        {
            _parent[node] = _parent[_parent[node]];
            node = _parent[node];
        }
        return node;
    }

    /// <summary>All nodes of the group of a node, itself first.</summary>
    public IEnumerable<int> Members(int node)
    {
        int member = node;
        do
        {
            yield return member;
            member = _next[member];
        }
        while (member != node);
    }

    /// <summary>What the group of a node is; null where nothing was merged into it that has a name.</summary>
    public string? Kind(int node) => _kind[GroupOf(node)];

    /// <summary>How many nodes the group of a node has.</summary>
    public int Count(int node) => _nodes[GroupOf(node)];

    public bool Together(int one, int other) => GroupOf(one) == GroupOf(other);

    /// <summary>Makes one group of those that the nodes are in.</summary>
    /// <param name="kind">What it is then; null keeps what the largest of them was.</param>
    /// <param name="nodes">Any nodes.</param>
    /// <param name="between">How many nodes may be taken along that lie between them; without them a merge that needs some is refused.</param>
    /// <returns>Whether they are one group now.</returns>
    public bool TryMerge(string? kind, IEnumerable<int> nodes, int between = 0)
    {
        List<int> groups = [];
        Mark(nodes, groups);
        int root = groups[0];
        if (groups.Count == 1)
        {
            _kind[root] = kind ?? _kind[root];
            return true;
        }
        if (Close(groups, between) is not { } found)
            return false;
        foreach (int group in groups)
        {
            if (_size[group] > _size[root])
                root = group;
        }
        string? kept = kind ?? _kind[root];
        foreach (int group in groups)
            kept ??= _kind[group];
        foreach (int group in groups)
        {
            if (group != root)
                Append(root, group);
            if (group != found.End)
                _order.Remove(group);
        }
        if (root != found.End)
            _order.Replace(found.End, root);
        _order.Move(found.Others, root, found.IsBackwards);
        _kind[root] = kept;
        return true;
    }

    /// <summary>Nodes of the group in the graph's order.</summary>
    public int[] Sorted(int node)
    {
        int[] members = [.. Members(node)];
        Array.Sort(members, (a, b) => _place[a].CompareTo(_place[b]));
        return members;
    }

    // Distinct groups of the nodes, stamped with a fresh number.
    private void Mark(IEnumerable<int> nodes, List<int> groups)
    {
        _now++;
        foreach (int node in nodes)
        {
            int group = GroupOf(node);
            if (_stamp[group] == _now)
                continue;
            _stamp[group] = _now;
            groups.Add(group);
        }
    }

    // Adds the groups that lie on ways from one of the groups to another; null where they are too many.
    private Walked? Close(List<int> groups, int between)
    {
        int first = groups[0], last = groups[0], largest = groups[0];
        foreach (int group in groups)
        {
            first = _order.IsBefore(group, first) ? group : first;
            last = _order.IsBefore(last, group) ? group : last;
            largest = _nodes[group] > _nodes[largest] ? group : largest;
        }
        // The one at the end is not walked from: a group that grows node by node is not looked through each time.
        bool isBackwards = largest == first;
        if ((Walk(groups, first, last, isBackwards) ?? Walk(groups, first, last, !isBackwards)) is not { } walked)
            return null;
        HashSet<int> own = [.. groups];
        int taken = 0;
        for (bool more = true; more;)
        {
            more = false;
            // Mostly one pass does it: what was reached last leads back first.
            for (int i = walked.Steps.Count - 1; i >= 0; i--)
            {
                (int from, int to) = walked.Steps[i];
                if (!own.Contains(to) || !own.Add(from))
                    continue;
                more = true;
                groups.Add(from);
                taken += _size[from];
                if (taken > between)
                    return null;
            }
        }
        walked.Others.RemoveAll(own.Contains);
        return walked;
    }

    // The groups outside that are reached between the first and the last of the groups, forwards or backwards; null where they are too many.
    [MethodImpl(JustInTime.Optimized)]
    private Walked? Walk(List<int> groups, int first, int last, bool isBackwards)
    {
        _now++;
        foreach (int group in groups)
            _stamp[group] = _now;
        int end = isBackwards ? first : last, visited = 0;
        int[][] neighbours = isBackwards ? _predecessors : _successors;
        Walked walked = new(end, isBackwards, [], []);
        for (int i = 0; i < groups.Count + walked.Others.Count; i++)
        {
            int from = i < groups.Count ? groups[i] : walked.Others[i - groups.Count], member = from;
            if (from == end)
                continue;
            do
            {
                visited += i < groups.Count ? 0 : 1 + neighbours[member].Length;
                foreach (int neighbour in neighbours[member])
                {
                    int to = GroupOf(neighbour);
                    if (to == from || (isBackwards ? _order.IsBefore(to, first) : _order.IsBefore(last, to)))
                        continue;
                    walked.Steps.Add((from, to));
                    if (_stamp[to] == _now)
                        continue;
                    _stamp[to] = _now;
                    walked.Others.Add(to);
                }
                member = _next[member];
            }
            while (member != from);
            if (visited > MostSteps || walked.Others.Count > MostVisited)
                return null;
        }
        return walked;
    }

    private void Append(int root, int group)
    {
        _parent[group] = root;
        (_next[root], _next[group]) = (_next[group], _next[root]);
        _size[root] += _size[group];
        _nodes[root] += _nodes[group];
    }

    /// <summary>What was seen on a walk from groups that are to become one.</summary>
    /// <param name="End">The group at which it ends; they all are to stand where that does.</param>
    /// <param name="IsBackwards">Whether it went against the direction of dependence.</param>
    /// <param name="Others">The groups that were reached; then those of them that do not become part of the one, but have to stand behind it (backwards: before it).</param>
    /// <param name="Steps">From group to group.</param>
    private sealed record Walked(int End, bool IsBackwards, List<int> Others, List<(int From, int To)> Steps);
}
