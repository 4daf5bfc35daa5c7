using System;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>
/// The values that a loop carries from turn to turn. Of their shapes only what no turn changes is known; that is found by inferring
/// the body, taking back what it contradicts, and inferring it again.
/// </summary>
internal sealed class CarriedValues
{
    // Each round takes something back; what is not settled by then is taken back whole.
    private const int MostRounds = 3;

    // Loops in loops multiply the rounds.
    private const int DeepestRefined = 2;

    private readonly NodeContext _node;
    private readonly bool[][] _changes;
    private int _round;

    public CarriedValues(NodeContext node, ValueFacts[] initial)
    {
        _node = node;
        Entering = Array.ConvertAll(initial, f => f with { Content = null, Floats = null });
        _changes = Array.ConvertAll(initial, f => new bool[f.Shape?.Length ?? 0]);
        if (node.Depth > DeepestRefined)
            Entering = Array.ConvertAll(Entering, TypeOf);
    }

    /// <summary>What is known of them in every turn.</summary>
    public ValueFacts[] Entering { get; private set; }

    /// <summary>What is known of them after the last turn, or where there is none.</summary>
    public ValueFacts[] Results()
    {
        ValueFacts[] results = new ValueFacts[Entering.Length];
        for (int i = 0; i < results.Length; i++)
        {
            bool[] changes = _changes[i];
            results[i] = Entering[i].Shape is { } shape
                ? Entering[i] with { Shape = [.. shape.Select((d, axis) => changes[axis] ? _node.Unknown() : d)] }
                : Entering[i];
        }
        return results;
    }

    /// <summary>Takes what the body leaves behind; whether nothing had to be taken back.</summary>
    public bool AreSettled(ValueFacts[] leaving)
    {
        bool giveUp = ++_round >= MostRounds, settled = true;
        ValueFacts[] next = new ValueFacts[Entering.Length];
        for (int i = 0; i < next.Length; i++)
        {
            ValueFacts left = i < leaving.Length ? leaving[i] : ValueFacts.Unknown;
            next[i] = Meet(Entering[i], left, _changes[i]);
            bool same = ReferenceEquals(next[i], Entering[i]);
            settled &= same;
            if (!same && giveUp)
                next[i] = TypeOf(next[i]);
        }
        Entering = next;
        return settled;
    }

    private ValueFacts Meet(ValueFacts entering, ValueFacts left, bool[] changes)
    {
        if (entering.Kind == ValueKind.Unknown)
            return left.Kind == ValueKind.Unknown ? entering : TypeOf(left);
        if (entering.Kind != ValueKind.Tensor)
            return IsSettled(entering.Item, left.Item) ? entering : TypeOf(entering);
        if (entering.Shape is not { } shape)
            return entering.Element == ElementType.Undefined && left.Element != ElementType.Undefined ? TypeOf(left) : entering;
        if (left.Shape is not { } after || after.Length != shape.Length)
            return TypeOf(entering);
        Dim[]? taken = null;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            if (changes[axis] || after[axis].Equals(shape[axis]))
                continue;
            taken ??= (Dim[])shape.Clone();
            taken[axis] = _node.Unknown();
            changes[axis] = true;
        }
        return taken is null ? entering : entering with { Shape = taken };
    }

    // Of what a sequence holds nothing is known but its type, unless the turns leave it alone.
    private static bool IsSettled(ValueFacts? entering, ValueFacts? left) =>
        ReferenceEquals(entering, left) || !SaysShapes(entering);

    private static bool SaysShapes(ValueFacts? facts) => facts is not null && (facts.Shape is not null || SaysShapes(facts.Item));

    // A turn never changes a type.
    private static ValueFacts TypeOf(ValueFacts facts) => facts.Kind == ValueKind.Unknown ? facts
        : new ValueFacts { Kind = facts.Kind, Element = facts.Element, Item = facts.Item is null ? null : TypeOf(facts.Item) };
}
