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
    // A merge whose proof would look at more groups is refused: the time stays bounded on graphs that no exporter writes.
    private const int MostVisited = 1024;

    private readonly int[][] _predecessors;
    private readonly int[][] _successors;
    private readonly int[] _place;
    private readonly int[] _parent;
    // The nodes of a group form a ring.
    private readonly int[] _next;
    private readonly int[] _size;
    private readonly int[] _first;
    private readonly int[] _last;
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
        _first = new int[count];
        _last = new int[count];
        _kind = new string?[count];
        _stamp = new int[count];
        for (int node = 0; node < count; node++)
        {
            _parent[node] = _next[node] = node;
            _size[node] = isNothing(node) ? 0 : 1;
            _first[node] = _last[node] = _place[node];
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
        if (groups.Count > 1 && !Close(groups, between))
            return false;
        int root = groups[0];
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
        }
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

    // Adds the groups that lie on paths from one of the groups to another; false where they are too many.
    private bool Close(List<int> groups, int between)
    {
        int last = 0;
        foreach (int group in groups)
            last = Math.Max(last, _last[group]);
        List<int> reached = Reach(groups, last);
        if (reached.Count == 0)
            return true;
        if (reached.Count > MostVisited)
            return false;
        // Of what is reached, what leads back.
        HashSet<int> own = [.. groups], candidates = [.. reached];
        List<int> open = [.. groups];
        int taken = 0;
        while (open.Count > 0)
        {
            int from = open[open.Count - 1];
            open.RemoveAt(open.Count - 1);
            foreach (int member in Members(from))
            {
                foreach (int predecessor in _predecessors[member])
                {
                    int group = GroupOf(predecessor);
                    if (!candidates.Contains(group) || !own.Add(group))
                        continue;
                    taken += _size[group];
                    if (taken > between)
                        return false;
                    groups.Add(group);
                    open.Add(group);
                }
            }
        }
        return true;
    }

    // The groups outside that can be reached, as far as they could lead back. The start is stamped already.
    private List<int> Reach(List<int> start, int last)
    {
        List<int> reached = [];
        for (int i = 0; i < start.Count + reached.Count && reached.Count <= MostVisited; i++)
        {
            foreach (int member in Members(i < start.Count ? start[i] : reached[i - start.Count]))
            {
                foreach (int successor in _successors[member])
                {
                    int group = GroupOf(successor);
                    if (_stamp[group] == _now || _first[group] > last)
                        continue;
                    _stamp[group] = _now;
                    reached.Add(group);
                }
            }
        }
        return reached;
    }

    private void Append(int root, int group)
    {
        _parent[group] = root;
        (_next[root], _next[group]) = (_next[group], _next[root]);
        _size[root] += _size[group];
        _first[root] = Math.Min(_first[root], _first[group]);
        _last[root] = Math.Max(_last[root], _last[group]);
    }
}
