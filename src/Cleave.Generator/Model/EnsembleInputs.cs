using System.Collections.Generic;
using System.Linq;
using Cleave.Core;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Generator.Model;

/// <summary>
/// The inputs of an ensemble: those of one name are one, whatever the order of the members. One whose name no other member has is taken for the first of equal type and
/// shape that its member has not; where there is none, it is an input of its member alone.
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
        Shared[][] places = [.. members.Select(m => new Shared[m.Inputs.Count])];
        ByName(places);
        ByOrder(places);
        _inputs = [.. InOrder()];
        Places = [.. places.Select(member => member.Select(s => _inputs.IndexOf(s)).ToArray())];
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

    // Before anything is matched by order, which else would take an input away from those of its name in later members.
    private void ByName(Shared[][] places)
    {
        HashSet<string> common = new(
            _members.SelectMany(m => m.Inputs).GroupBy(i => i.Name, System.StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key), System.StringComparer.Ordinal);
        for (int m = 0; m < places.Length; m++)
        {
            for (int i = 0; i < places[m].Length; i++)
            {
                TensorSpec input = _members[m].Inputs[i];
                if (!common.Contains(input.Name))
                    continue;
                if (_inputs.Find(s => s.Tensor.Name == input.Name) is not { } first)
                    _inputs.Add(first = new Shared(m, i, input));
                else if (Join(_dimensions, first, m, input) is { } difference)
                    _problems.Add(new Problem(Rules.EnsembleInputDiffers, input.Name, difference));
                places[m][i] = first;
            }
        }
    }

    private void ByOrder(Shared[][] places)
    {
        for (int m = 0; m < places.Length; m++)
        {
            for (int i = 0; i < places[m].Length; i++)
                places[m][i] ??= Fitting(m, _members[m].Inputs[i], places[m]) ?? Own(m, i);
        }
    }

    private Shared? Fitting(int member, TensorSpec input, Shared[] taken)
    {
        foreach (Shared shared in InOrder().Where(s => !taken.Contains(s) && s.Tensor.RankIsKnown && input.RankIsKnown))
        {
            DimensionClasses tried = _dimensions.Copy();
            if (Join(tried, shared, member, input) is not null)
                continue;
            _dimensions = tried;
            _problems.Add(new Problem(Rules.EnsembleMatchedByOrder, "input", input.Name, _members[member].Source, shared.Tensor.Name));
            return shared;
        }
        return null;
    }

    private Shared Own(int member, int place)
    {
        Shared own = new(member, place, _members[member].Inputs[place]);
        _inputs.Add(own);
        return own;
    }

    // As the members name them, one after the other.
    private IEnumerable<Shared> InOrder() => _inputs.OrderBy(static s => s.Member).ThenBy(static s => s.Place);

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

    private sealed record Shared(int Member, int Place, TensorSpec Tensor);
}
