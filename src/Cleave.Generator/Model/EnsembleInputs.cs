using System.Collections.Generic;
using System.Linq;
using Cleave.Core;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Generator.Model;

/// <summary>
/// The inputs of an ensemble: those of one name are one, whatever the order of the members. Of two names in members that share no name, the later is taken for the first of
/// equal type and shape; where there is none, it is an input of its members alone.
/// </summary>
internal sealed class EnsembleInputs
{
    private readonly IReadOnlyList<RunnerSpec> _members;
    private readonly List<Problem> _problems;
    private readonly List<Shared> _inputs = [];
    private DimensionClasses _dimensions;

    public EnsembleInputs(IReadOnlyList<RunnerSpec> members, List<Problem> problems)
    {
        _members = members;
        _problems = problems;
        _dimensions = new DimensionClasses(IsNamed);
        UnifyNames();
        ByName();
        ByOrder();
        Places = [.. members.Select((member, m) => Enumerable.Range(0, member.Inputs.Count).Select(i => _inputs.FindIndex(s => s.Places.TryGetValue(m, out int place) && place == i)).ToArray())];
    }

    /// <summary>For each input of each member the place among the ensemble's.</summary>
    public int[][] Places { get; }

    /// <summary>The ensemble's inputs, with no names in C# yet.</summary>
    public IEnumerable<TensorSpec> Tensors() => _inputs.Select(i => i.Tensor with { Shape = new([.. i.Tensor.Shape.Select(d => Resolved(i.Member, d))]) });

    /// <summary>A dimension as the ensemble has it; the name of one that a model leaves without is left out.</summary>
    public DimSpec Resolved(int member, DimSpec dim)
    {
        if (_dimensions.Size(member, dim) is { } size)
            return new(size, null);
        if (dim.Symbol is not { } name)
            return dim.Expression is null ? dim : default;
        (int Member, string Name) first = _dimensions.Find((member, name));
        return IsNamed(first) ? new(null, first.Name) : default;
    }

    /// <summary>Whether two dimensions may be of one size.</summary>
    public bool MayBeEqual(int member, DimSpec dim, int otherMember, DimSpec other) =>
        _dimensions.Size(member, dim) is not { } size || _dimensions.Size(otherMember, other) is not { } otherSize || size == otherSize;

    // Dimensions of one name are one, whatever inputs they belong to.
    private void UnifyNames()
    {
        Dictionary<string, int> first = new(System.StringComparer.Ordinal);
        for (int m = 0; m < _members.Count; m++)
        {
            foreach (SymbolSpec symbol in _members[m].Symbols.Where(s => s.IsNamed))
            {
                if (first.TryGetValue(symbol.Name, out int other))
                    _dimensions.Unify(other, new(null, symbol.Name), m, new(null, symbol.Name));
                else
                    first.Add(symbol.Name, m);
            }
        }
    }

    private bool IsNamed((int Member, string Name) dimension) => _members[dimension.Member].Symbols.Any(s => s.IsNamed && s.Name == dimension.Name);

    private void ByName()
    {
        for (int m = 0; m < _members.Count; m++)
        {
            for (int i = 0; i < _members[m].Inputs.Count; i++)
            {
                TensorSpec input = _members[m].Inputs[i];
                if (_inputs.Find(s => s.Tensor.Name == input.Name) is not { } first)
                    _inputs.Add(first = new Shared(m, input));
                else if (Join(_dimensions, first, m, input) is { } difference)
                    _problems.Add(new Problem(Rules.EnsembleInputDiffers, input.Name, difference));
                first.Places.Add(m, i);
            }
        }
    }

    // After all members are read, since an input by its order must not take the place of one that a later member has by name.
    private void ByOrder()
    {
        for (int i = 1; i < _inputs.Count; i++)
        {
            Shared input = _inputs[i];
            if (_inputs.Take(i).FirstOrDefault(other => IsTakenFor(input, other)) is not { } first)
                continue;
            _inputs.RemoveAt(i--);
            foreach (KeyValuePair<int, int> place in input.Places)
            {
                first.Places.Add(place.Key, place.Value);
                _problems.Add(new Problem(Rules.EnsembleMatchedByOrder, "input", input.Tensor.Name, _members[place.Key].Source, first.Tensor.Name));
            }
        }
    }

    // Two inputs of one member are two. So are those of members that call another input the same: their names mean something, as the mask of one and the types of another do, whose ids are one.
    private bool IsTakenFor(Shared input, Shared other)
    {
        if (!input.Tensor.RankIsKnown || !other.Tensor.RankIsKnown || input.Places.Keys.Any(m => other.Places.Keys.Any(o => m == o || ShareName(m, o))))
            return false;
        DimensionClasses tried = _dimensions.Copy();
        if (Join(tried, other, input.Member, input.Tensor) is not null)
            return false;
        _dimensions = tried;
        return true;
    }

    private bool ShareName(int member, int other) => _members[member].Inputs.Any(i => _members[other].Inputs.Any(o => o.Name == i.Name));

    // What differs; null where nothing does.
    private string? Join(DimensionClasses dimensions, Shared shared, int member, TensorSpec input)
    {
        string one = "'" + _members[shared.Member].Source + "'", other = "'" + _members[member].Source + "'";
        if (shared.Tensor.Type != input.Type)
            return $"{one} takes {shared.Tensor.Type.Word()}, {other} {input.Type.Word()}";
        if (shared.Tensor.RankIsKnown != input.RankIsKnown)
            return $"{(input.RankIsKnown ? one : other)} takes any shape, {(input.RankIsKnown ? other : one)} does not";
        if (shared.Tensor.Shape.Count != input.Shape.Count)
            return $"{one} takes {NumberText.Of(shared.Tensor.Shape.Count)} dimensions, {other} {NumberText.Of(input.Shape.Count)}";
        for (int axis = 0; axis < input.Shape.Count; axis++)
        {
            if (!dimensions.Unify(shared.Member, shared.Tensor.Shape[axis], member, input.Shape[axis]))
            {
                return $"its dimension {NumberText.Of(axis)} is {NumberText.Of(dimensions.Size(shared.Member, shared.Tensor.Shape[axis])!.Value)} in {one}"
                    + $" and {NumberText.Of(dimensions.Size(member, input.Shape[axis])!.Value)} in {other}";
            }
        }
        return null;
    }

    // An input of the ensemble: as the earliest of its members has it, and its place in each of them.
    private sealed record Shared(int Member, TensorSpec Tensor)
    {
        public SortedDictionary<int, int> Places { get; } = [];
    }
}
