using System;
using Cleave.Core.Diagnostics;
using Cleave.Elements;
using Cleave.Ensembles.Combining;
using Cleave.Generated;

namespace Cleave.Ensembles;

/// <summary>One output of one request to an ensemble: takes the members' outputs as they come, one at a time. The first says the shape.</summary>
internal sealed class CombinedStage
{
    private readonly EnsembleEngine _engine;
    private readonly OutputSlot[] _members;
    private readonly OutputCombiner? _combiner;
    private readonly object _lock = new();
    private int _first;

    public CombinedStage(EnsembleEngine engine, EnsembleOutput output, CallBuffers[] members)
    {
        _engine = engine;
        _members = new OutputSlot[members.Length];
        for (int m = 0; m < members.Length; m++)
            _members[m] = members[m].Outputs[output.Places[m]];
        _combiner = OutputCombiner.Of(output, engine.Members[0].OutputType(output.Places[0]), members.Length);
        Result = _combiner?.Result ?? output.Value.Element.NewCombined(output.Value.Name);
    }

    public OutputSlot Result { get; }

    public void Begin() => _first = -1;

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
                _combiner.Begin(_members[member].Shape);
                _first = member;
            }
            else if (!_members[member].Shape.AsSpan().SequenceEqual(_members[_first].Shape))
            {
                throw new CleaveException(Rules.EnsembleRuleFailed, null, _engine.Name, Result.Name,
                    $"'{_engine.Members[_first].Name}' gave {Words(_members[_first])}, '{_engine.Members[member].Name}' {Words(_members[member])}");
            }
            _combiner.Add(member, _members[member], at: 0);
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

    private static string Words(OutputSlot output) => "[" + string.Join(", ", output.Shape) + "]";
}
