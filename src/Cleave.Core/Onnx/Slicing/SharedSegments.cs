using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Slicing;

/// <summary>How a segment runs in the session of another one that does the same to other values.</summary>
/// <param name="Of">The segment that the session is made for, by position; itself where it has one of its own.</param>
/// <param name="Inputs">By what that segment reads: the position of what this one reads instead.</param>
/// <param name="Outputs">By what this one writes: its name there.</param>
internal sealed record SharedSegment(int Of, int[] Inputs, string[] Outputs);

/// <summary>
/// Finds segments that do the same, with the same weights, to other values: the chunks of a recurrent layer. One session runs all of them, so weights are packed once, and stay in the cache from
/// chunk to chunk. Only nodes that were made by a rewriting are compared; what is in the file is in the file once.
/// </summary>
internal sealed class SharedSegments
{
    private readonly GraphIndex _index;
    private readonly IReadOnlyList<SegmentRequest> _requests;
    private readonly int[][] _nodes;
    private readonly Dictionary<NodeAttribute[], byte[]> _attributes = [];

    private SharedSegments(GraphIndex index, IReadOnlyList<SegmentRequest> requests)
    {
        _index = index;
        _requests = requests;
        _nodes = [.. requests.Select(r => r.Nodes is null ? [] : r.Nodes.Where(n => n >= 0 && n < index.Nodes.Count && !index.IsConstant(n)).OrderBy(n => n).ToArray())];
    }

    /// <param name="index">The model.</param>
    /// <param name="requests">The segments of a plan.</param>
    /// <returns>By segment.</returns>
    public static IReadOnlyList<SharedSegment> Of(GraphIndex index, IReadOnlyList<SegmentRequest> requests) => new SharedSegments(index, requests).Find();

    private SharedSegment[] Find()
    {
        SharedSegment?[] found = new SharedSegment?[_requests.Count];
        List<int> owners = [];
        // A segment that reads one value in two places fits one that reads two values there, not the other way; and who writes less fits who writes more.
        foreach (int segment in Enumerable.Range(0, found.Length).OrderByDescending(s => _requests[s].Reads.Count).ThenByDescending(s => _requests[s].Writes.Count).ThenBy(s => s))
        {
            foreach (int owner in owners)
            {
                found[segment] ??= Match(owner, segment);
            }
            if (found[segment] is not null)
                continue;
            found[segment] = new SharedSegment(segment, [.. Enumerable.Range(0, _requests[segment].Reads.Count)], [.. _requests[segment].Writes]);
            if (_nodes[segment].Length > 0 && Array.TrueForAll(_nodes[segment], n => !_index.Nodes[n].Message.Exists && Array.TrueForAll(_index.Nodes[n].Attributes, NodeWriter.CanWrite)))
                owners.Add(segment);
        }
        return [.. found.Select(f => f!)];
    }

    // Null where the owner's session cannot run it.
    private SharedSegment? Match(int owner, int segment)
    {
        int[] there = _nodes[owner], here = _nodes[segment];
        if (there.Length != here.Length)
            return null;
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        HashSet<string> made = new(StringComparer.Ordinal);
        for (int i = 0; i < there.Length; i++)
        {
            if (!Match(_index.Nodes[there[i]], _index.Nodes[here[i]], names, made))
                return null;
        }
        SegmentRequest session = _requests[owner], own = _requests[segment];
        List<string> reads = [.. own.Reads];
        int[] inputs = [.. session.Reads.Select(r => names.TryGetValue(r, out string? read) && !made.Contains(r) ? reads.IndexOf(read) : -1)];
        if (Array.IndexOf(inputs, -1) >= 0 || inputs.Distinct().Count() != reads.Count || !session.Reads.Select((r, i) => SameType(session, r, own, reads[inputs[i]])).All(same => same))
            return null;
        List<string> outputs = [];
        foreach (string write in own.Writes)
        {
            string? name = session.Writes.FirstOrDefault(w => made.Contains(w) && names[w] == write);
            if (name is null || !SameType(session, name, own, write))
                return null;
            outputs.Add(name);
        }
        return new SharedSegment(owner, inputs, [.. outputs]);
    }

    private bool Match(Node there, Node here, Dictionary<string, string> names, HashSet<string> made)
    {
        if (here.Message.Exists || there.OpType != here.OpType || there.Domain != here.Domain || there.Inputs.Length != here.Inputs.Length || there.Outputs.Length != here.Outputs.Length
            || !Attributes(there).SequenceEqual(Attributes(here)))
        {
            return false;
        }
        for (int i = 0; i < there.Inputs.Length; i++)
        {
            string a = there.Inputs[i], b = here.Inputs[i];
            if (a.Length == 0 || b.Length == 0 || IsConstant(a) || IsConstant(b))
            {
                if (a != b)
                    return false;
            }
            else if (!names.TryGetValue(a, out string? known))
            {
                names.Add(a, b);
            }
            else if (known != b)
            {
                return false;
            }
        }
        for (int i = 0; i < there.Outputs.Length; i++)
        {
            if (there.Outputs[i].Length == 0 != (here.Outputs[i].Length == 0) || (there.Outputs[i].Length > 0 && names.ContainsKey(there.Outputs[i])))
                return false;
            if (there.Outputs[i].Length > 0)
            {
                names.Add(there.Outputs[i], here.Outputs[i]);
                made.Add(there.Outputs[i]);
            }
        }
        return true;
    }

    private bool IsConstant(string value) => _index.IsInitializer(value) || (_index.Producer(value) is >= 0 and var node && _index.IsConstant(node));

    // Chunks of a layer have one array of them.
    private byte[] Attributes(Node node)
    {
        if (!_attributes.TryGetValue(node.Attributes, out byte[]? bytes))
        {
            MessageBuilder message = new();
            NodeWriter.Write(message, new Node("", "", "", [], [], node.Attributes));
            _attributes.Add(node.Attributes, bytes = message.ToArray());
        }
        return bytes;
    }

    // A session checks the sizes of what it is given.
    private static bool SameType(SegmentRequest one, string first, SegmentRequest other, string second)
    {
        OnnxType.Tensor? a = Type(one, first), b = Type(other, second);
        if (a is null || b is null || a.Element != b.Element || a.Shape is null != b.Shape is null)
            return false;
        return a.Shape is null || a.Shape.SequenceEqual(b.Shape!);
    }

    private static OnnxType.Tensor? Type(SegmentRequest request, string value) =>
        request.Types is { } types && types.TryGetValue(value, out OnnxType.Tensor? type) ? type : null;
}
