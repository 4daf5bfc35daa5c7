using System;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Elements;
using Cleave.Ensembles.Combining;
using Cleave.Generated;

namespace Cleave.Ensembles;

/// <summary>One output of one request to an ensemble: takes the members' outputs as they come, one at a time. The first says the shape.</summary>
internal sealed class CombinedStage
{
    private readonly EnsembleEngine _engine;
    private readonly int[] _places;
    // Where members run a request whole: their outputs. Where it is cut, and the rule is the application's: what their parts are put together in.
    private readonly OutputSlot[] _members;
    private readonly bool _isCut;
    private readonly bool[] _begun;
    private readonly OutputCombiner? _combiner;
    private readonly object _lock = new();
    private int _first;
    private int[] _shape = [];

    /// <param name="engine">The ensemble.</param>
    /// <param name="output">What is combined.</param>
    /// <param name="members">The buffers of the members, which run the request whole; null where it is cut.</param>
    public CombinedStage(EnsembleEngine engine, EnsembleOutput output, CallBuffers[]? members)
    {
        _engine = engine;
        _places = output.Places;
        _isCut = members is null;
        _combiner = OutputCombiner.Of(output, engine.Members[0].OutputType(output.Places[0]), engine.Members.Length);
        _begun = new bool[engine.Members.Length];
        if (members is not null)
            _members = [.. members.Select((m, i) => m.Outputs[_places[i]])];
        else
            _members = _combiner is null ? [.. engine.Members.Select((m, i) => m.NewWhole(_places[i]))] : [];
        Result = _combiner?.Result ?? output.Value.Element.NewCombined(output.Value.Name);
    }

    public OutputSlot Result { get; }

    /// <summary>Memory that it holds beside the result's; what lies in the members' buffers is theirs.</summary>
    public long ByteLength
    {
        get
        {
            long bytes = _combiner?.ByteLength ?? 0;
            for (int m = 0; _isCut && m < _members.Length; m++)
                bytes += _members[m].ByteLength;
            return bytes;
        }
    }

    public void Begin()
    {
        _first = -1;
        Array.Clear(_begun);
    }

    /// <summary>A member has run.</summary>
    /// <exception cref="CleaveException">Its output has another shape than one before it.</exception>
    public void Add(int member)
    {
        if (_combiner is null)
            return;
        lock (_lock)
        {
            if (_first < 0)
            {
                Begin(member, _members[member].Shape, isInParts: false);
            }
            else if (!_members[member].Shape.AsSpan().SequenceEqual(_members[_first].Shape))
            {
                throw Unfit(_first, _members[_first].Shape, member, _members[member].Shape);
            }
            _combiner.Add(member, _members[member], at: 0);
        }
    }

    /// <summary>A member has run some samples.</summary>
    /// <param name="member">Which.</param>
    /// <param name="outputs">What it gave.</param>
    /// <param name="at">The first sample.</param>
    /// <param name="count">How many.</param>
    /// <param name="samples">Those of the request.</param>
    /// <exception cref="CleaveException">Its output has another shape than one before it, or no row for each sample.</exception>
    public void AddPart(int member, OutputSlot[] outputs, int at, int count, int samples)
    {
        OutputSlot part = outputs[_places[member]];
        if (part.Shape is not [var rows, ..] || rows != count)
            throw Unfit($"'{_engine.Members[member].Name}' gave {Words(part.Shape)} for {count} samples");
        int first = part.Length / count * at;
        lock (_lock)
        {
            if (_combiner is null)
                PutPart(member, part, first, samples);
            else
                AddPart(member, part, first, samples);
        }
    }

    /// <summary>All members have run.</summary>
    /// <exception cref="CleaveException">The application's rule threw.</exception>
    public void Finish(int output, Action<int, MemberOutputs> combine)
    {
        if (_combiner is not null)
        {
            _combiner.Finish();
            return;
        }
        try
        {
            combine(output, new MemberOutputs(_members, Result));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new CleaveException(Rules.EnsembleRuleFailed, e, _engine.Name, Result.Name, e.GetType().Name + ": " + e.Message);
        }
    }

    private void Begin(int member, int[] shape, bool isInParts)
    {
        if (shape.Length < _combiner!.LeastRank(isInParts))
            throw Unfit($"'{_engine.Members[member].Name}' gave {Words(shape)}, which has no last dimension of scores to vote on{(isInParts ? " beside the batch" : "")}");
        _combiner.Begin(shape);
        _first = member;
    }

    private void AddPart(int member, OutputSlot part, int at, int samples)
    {
        if (_first < 0)
        {
            _shape = Whole(part, samples);
            Begin(member, _shape, isInParts: true);
        }
        else if (!IsPartOf(_shape, part))
        {
            throw Unfit(_first, [part.Shape[0], .. _shape[1..]], member, part.Shape);
        }
        _combiner!.Add(member, part, at);
    }

    private void PutPart(int member, OutputSlot part, int at, int samples)
    {
        OutputSlot whole = _members[member];
        if (!_begun[member])
        {
            whole.BeginParts(Whole(part, samples));
            _begun[member] = true;
        }
        else if (!IsPartOf(whole.Shape, part))
        {
            throw Unfit(member, [part.Shape[0], .. whole.Shape[1..]], member, part.Shape);
        }
        whole.Put(part, at);
    }

    private CleaveException Unfit(int member, int[] shape, int other, int[] otherShape) =>
        Unfit($"'{_engine.Members[member].Name}' gave {Words(shape)}, '{_engine.Members[other].Name}' {Words(otherShape)}");

    private CleaveException Unfit(string what) => new(Rules.EnsembleRuleFailed, null, _engine.Name, Result.Name, what);

    private static int[] Whole(OutputSlot part, int samples) => [samples, .. part.Shape[1..]];

    private static bool IsPartOf(int[] whole, OutputSlot part) => part.Shape.AsSpan(1).SequenceEqual(whole.AsSpan(1));

    private static string Words(int[] shape) => "[" + string.Join(", ", shape) + "]";
}
