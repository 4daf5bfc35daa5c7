using System.Collections.Generic;
using System.Linq;
using Cleave.Core;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Generator.Model;

/// <summary>
/// The inputs of an ensemble: those of one name are one, and so are those of different names that have equal types and shapes, by order; any other is an input of its
/// member alone.
/// </summary>
internal sealed class EnsembleInputs
{
    private readonly IReadOnlyList<RunnerSpec> _members;
    private readonly List<Problem> _problems;
    private readonly List<Shared> _inputs = [];
    private DimensionClasses _dimensions = new();

    public EnsembleInputs(IReadOnlyList<RunnerSpec> members, List<Problem> problems)
    {
        _members = members;
        _problems = problems;
        Places = [.. members.Select(m => new int[m.Inputs.Count])];
        UnifyNames();
        for (int m = 0; m < members.Count; m++)
            Add(m);
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
        return IsNamed(first.Member, first.Name) ? new(null, first.Name) : default;
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

    private bool IsNamed(int member, string name) => _members[member].Symbols.Any(s => s.IsNamed && s.Name == name);

    private void Add(int member)
    {
        RunnerSpec spec = _members[member];
        bool[] taken = new bool[_inputs.Count];
        bool[] placed = new bool[spec.Inputs.Count];
        for (int i = 0; i < placed.Length; i++)
        {
            int named = _inputs.FindIndex(s => s.Tensor.Name == spec.Inputs[i].Name);
            if (named < 0)
                continue;
            Places[member][i] = named;
            taken[named] = placed[i] = true;
            if (Join(_dimensions, _inputs[named], member, spec.Inputs[i]) is { } difference)
                _problems.Add(new Problem(Rules.EnsembleInputDiffers, spec.Inputs[i].Name, difference));
        }
        for (int i = 0; i < placed.Length; i++)
        {
            if (!placed[i])
                Places[member][i] = ByOrder(member, spec.Inputs[i], taken);
        }
    }

    private int ByOrder(int member, TensorSpec input, bool[] taken)
    {
        for (int at = 0; at < taken.Length; at++)
        {
            DimensionClasses tried = _dimensions.Copy();
            Shared shared = _inputs[at];
            if (taken[at] || !input.RankIsKnown || !shared.Tensor.RankIsKnown || Join(tried, shared, member, input) is not null)
                continue;
            _dimensions = tried;
            taken[at] = true;
            _problems.Add(new Problem(Rules.EnsembleMatchedByOrder, "input", input.Name, _members[member].Source, shared.Tensor.Name));
            return at;
        }
        _inputs.Add(new Shared(member, input));
        return _inputs.Count - 1;
    }

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

    private sealed record Shared(int Member, TensorSpec Tensor);
}
