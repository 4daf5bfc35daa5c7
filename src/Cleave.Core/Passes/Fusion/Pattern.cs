using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Passes.Fusion;

/// <summary>A tree of operators that computes a value. A pattern is matched from its last node backwards.</summary>
internal abstract class Pattern
{
    /// <summary>A constant.</summary>
    public static readonly Pattern Constant = new AnyConstant();

    /// <summary>Any value; the same one wherever a name occurs.</summary>
    public static Pattern Value(string name) => new Named(name);

    /// <summary>A node of one of the operators ("Div|Mul"), whose inputs match; those of Add and Mul in either order. More inputs than given must be constants.</summary>
    public static Pattern Op(string operators, params Pattern[] inputs) => new Operation(operators.Split('|'), inputs, null);

    /// <summary>The same; where the name occurs again, it is the same value.</summary>
    public static Pattern Op(string operators, string name, params Pattern[] inputs) => new Operation(operators.Split('|'), inputs, name);

    /// <summary>The value, or a few Casts of it.</summary>
    public static Pattern Casts(Pattern inner) => new MaybeCast(inner);

    /// <summary>
    /// The nodes of the tree that ends in a node, the last one first; null where it does not match, or a value inside it
    /// is read or wanted elsewhere.
    /// </summary>
    public List<int>? Match(Attempt attempt, int last)
    {
        FusionView view = attempt.View;
        attempt.Clear();
        if (view.Outputs[last].Length == 0 || !Matches(attempt, view.Outputs[last][0]))
            return null;
        HashSet<int> nodes = [.. attempt.Nodes];
        foreach (int node in nodes)
        {
            if (node != last && !view.IsInside(node, nodes.Contains))
                return null;
        }
        List<int> result = [.. nodes];
        result.Remove(last);
        result.Insert(0, last);
        return result;
    }

    /// <summary>Whether a tree can end in a node of that operator.</summary>
    public virtual bool EndsIn(string op) => true;

    protected abstract bool Matches(Attempt attempt, int value);

    /// <summary>What a match has found so far; one serves many.</summary>
    internal sealed class Attempt(FusionView view)
    {
        public readonly FusionView View = view;
        public readonly List<int> Nodes = [];
        public readonly List<string> Names = [];
        public readonly List<int> Values = [];

        public void Clear()
        {
            Back(0, 0);
        }

        public bool Bind(string name, int value)
        {
            int at = Names.IndexOf(name);
            if (at >= 0)
                return Values[at] == value;
            Names.Add(name);
            Values.Add(value);
            return true;
        }

        /// <summary>Forgets what came after so many nodes and values.</summary>
        public void Back(int nodes, int values)
        {
            Nodes.RemoveRange(nodes, Nodes.Count - nodes);
            Names.RemoveRange(values, Names.Count - values);
            Values.RemoveRange(values, Values.Count - values);
        }
    }

    private sealed class AnyConstant : Pattern
    {
        protected override bool Matches(Attempt attempt, int value) => attempt.View.IsConstant(value);
    }

    private sealed class Named(string name) : Pattern
    {
        protected override bool Matches(Attempt attempt, int value) => value >= 0 && attempt.Bind(name, value);
    }

    private sealed class MaybeCast(Pattern inner) : Pattern
    {
        // Exporters write one or two where types meet; a file may have tens of thousands in a row, and each node would look through all of them.
        private const int MostCasts = 3;

        protected override bool Matches(Attempt attempt, int value)
        {
            int nodes = attempt.Nodes.Count, values = attempt.Values.Count;
            for (int casts = 0; ; casts++)
            {
                if (inner.Matches(attempt, value))
                    return true;
                attempt.Back(nodes, values);
                int producer = attempt.View.Producer(value);
                if (casts == MostCasts || producer < 0 || attempt.View.Operators[producer] != "Cast")
                    return false;
                attempt.Nodes.Add(producer);
                nodes++;
                value = attempt.View.Inputs[producer][0];
            }
        }
    }

    private sealed class Operation(string[] operators, Pattern[] inputs, string? name) : Pattern
    {
        public override bool EndsIn(string op) => Array.IndexOf(operators, op) >= 0;

        protected override bool Matches(Attempt attempt, int value)
        {
            FusionView view = attempt.View;
            int producer = view.Producer(value);
            if (producer < 0 || Array.IndexOf(operators, view.Operators[producer]) < 0)
                return false;
            if (name != null && !attempt.Bind(name, value))
                return false;
            int[] given = view.Inputs[producer];
            if (given.Length < inputs.Length)
                return false;
            for (int i = inputs.Length; i < given.Length; i++)
            {
                if (given[i] >= 0 && !view.IsConstant(given[i]))
                    return false;
            }
            attempt.Nodes.Add(producer);
            if (inputs.Length != 2 || view.Operators[producer] is not ("Add" or "Mul"))
                return All(attempt, given, false);
            int nodes = attempt.Nodes.Count, values = attempt.Values.Count;
            if (All(attempt, given, false))
                return true;
            attempt.Back(nodes, values);
            return All(attempt, given, true);
        }

        private bool All(Attempt attempt, int[] given, bool swapped)
        {
            for (int i = 0; i < inputs.Length; i++)
            {
                if (!inputs[i].Matches(attempt, given[swapped ? 1 - i : i]))
                    return false;
            }
            return true;
        }
    }
}

/// <summary>A fusion whose operators form a tree.</summary>
/// <param name="Kind">What it becomes.</param>
/// <param name="Pattern">The tree.</param>
internal sealed record TreeRule(string Kind, Pattern Pattern);

/// <summary>Applies tree rules.</summary>
internal static class Trees
{
    /// <summary>Merges what matches at each node; the first rule that does wins.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public static void Apply(FusionView view, GroupMerger groups, IReadOnlyList<TreeRule> rules)
    {
        Pattern.Attempt attempt = new(view);
        if (rules.Count == 0)
            return;
        foreach (int node in view.Order)
        {
            // Every tree ends in a product, a sum or a quotient.
            if (view.Operators[node] is not ("Mul" or "Add" or "Div"))
                continue;
            foreach (TreeRule rule in rules)
            {
                if (rule.Pattern.EndsIn(view.Operators[node]) && rule.Pattern.Match(attempt, node) is { } nodes && groups.TryMerge(rule.Kind, nodes))
                    break;
            }
        }
    }
}
