using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Generator.Model;

/// <summary>An output of an ensemble before it has names in C#.</summary>
/// <param name="Tensor">What the ensemble gives.</param>
/// <param name="Rule">How it is combined.</param>
/// <param name="Places">The place among each member's outputs.</param>
internal sealed record MatchedOutput(TensorSpec Tensor, string Rule, int[] Places);

/// <summary>The outputs of an ensemble: those of its first member, which every other has too, each with a rule that can combine them.</summary>
internal sealed class EnsembleOutputs(IReadOnlyList<RunnerSpec> members, EnsembleInputs inputs, CombineOptions options, List<Problem> problems)
{
    public List<MatchedOutput> Match()
    {
        List<MatchedOutput> outputs = [];
        for (int o = 0; o < members[0].Outputs.Count; o++)
        {
            int[] places = [.. members.Select((_, m) => Find(m, o))];
            if (places.All(p => p >= 0) && Combined(places) is { } output)
                outputs.Add(output);
        }
        foreach (string name in options.Named.Where(n => !members[0].Outputs.Any(o => o.Name == n)))
            problems.Add(new Problem(Rules.EnsembleBadMetadata, "Combine", name + "=" + options.For(name), "the members have no output '" + name + "': they have " + Names(0)));
        for (int m = 1; m < members.Count && outputs.Count == members[0].Outputs.Count; m++)
            NoteLeftOut(m);
        return outputs;
    }

    private int Find(int member, int output)
    {
        TensorSpec wanted = members[0].Outputs[output];
        RunnerSpec spec = members[member];
        for (int i = 0; i < spec.Outputs.Count; i++)
        {
            if (spec.Outputs[i].Name == wanted.Name)
                return i;
        }
        if (IsByOrder(member, output))
        {
            problems.Add(new Problem(Rules.EnsembleMatchedByOrder, "output", spec.Outputs[output].Name, spec.Source, wanted.Name));
            return output;
        }
        problems.Add(new Problem(Rules.EnsembleOutputDiffers, wanted.Name, $"'{members[0].Source}' has it, '{spec.Source}' does not: it has {Names(member)}",
            "Put a member first whose outputs all others have, or choose outputs that they have in common (item metadata Outputs of the models)."));
        return -1;
    }

    // As many outputs, and at that place one of the same type and rank that no other output of the first member is called like.
    private bool IsByOrder(int member, int output)
    {
        RunnerSpec spec = members[member];
        if (spec.Outputs.Count != members[0].Outputs.Count)
            return false;
        TensorSpec there = spec.Outputs[output], wanted = members[0].Outputs[output];
        return there.Type == wanted.Type && there.RankIsKnown == wanted.RankIsKnown && there.Shape.Count == wanted.Shape.Count
            && !members[0].Outputs.Any(o => o.Name == there.Name);
    }

    private MatchedOutput? Combined(int[] places)
    {
        TensorSpec first = members[0].Outputs[places[0]];
        string rule = options.For(first.Name);
        TensorSpec? tensor = rule == CombineOptions.Custom ? Own(first, places) : Alike(first, places, rule) ? ByRule(first, places, rule) : null;
        return tensor is null ? null : new MatchedOutput(tensor, rule, places);
    }

    // Equal types, and shapes that may be equal.
    private bool Alike(TensorSpec first, int[] places, string rule)
    {
        for (int m = 1; m < places.Length; m++)
        {
            TensorSpec other = members[m].Outputs[places[m]];
            if (other.Type != first.Type)
            {
                problems.Add(new Problem(Rules.EnsembleOutputDiffers, first.Name, $"'{members[0].Source}' gives {first.Type.Word()}, '{members[m].Source}' {other.Type.Word()}", OtherOutputs(first)));
                return false;
            }
            if (!MayBeEqual(first, m, other))
            {
                problems.Add(new Problem(Rules.EnsembleRuleUnfit, first.Name, rule,
                    $"it takes outputs of equal shapes, but '{members[0].Source}' gives {Shape(first)}, '{members[m].Source}' {Shape(other)}", OtherOutputs(first)));
                return false;
            }
        }
        return true;
    }

    // What helps where nothing but a rule of the user's own takes both.
    private static string OtherOutputs(TensorSpec output) =>
        $"Choose outputs that are alike (item metadata Outputs of the models), or combine it by a rule of your own: Combine=\"{output.Name}=Custom\".";

    private bool MayBeEqual(TensorSpec first, int member, TensorSpec other) =>
        !first.RankIsKnown || !other.RankIsKnown
        || (first.Shape.Count == other.Shape.Count && Enumerable.Range(0, first.Shape.Count).All(a => inputs.MayBeEqual(0, first.Shape[a], member, other.Shape[a])));

    private TensorSpec? ByRule(TensorSpec first, int[] places, string rule)
    {
        DimSpec[] shape = Shape(first, places);
        bool isScores = IsFloat(first.Type);
        string? unfit = rule switch
        {
            CombineOptions.Mean or CombineOptions.WeightedMean or CombineOptions.SoftVote when !isScores => "it takes float, double or float16, and it is " + first.Type.Word(),
            CombineOptions.Max when !isScores && !IsInteger(first.Type) => "it takes numbers, and it is " + first.Type.Word(),
            CombineOptions.MajorityVote when !isScores && !IsInteger(first.Type) && first.Type != ElementType.Bool => "it takes scores or labels, and it is " + first.Type.Word(),
            CombineOptions.SoftVote or CombineOptions.MajorityVote when isScores && first.IsScalar => "it takes the largest of the scores along the last dimension, and it has none",
            CombineOptions.SoftVote or CombineOptions.MajorityVote when isScores && BatchThatIsLast(places) is { } batch =>
                "its last dimension is the batch, '" + batch + "', so it would give the best sample instead of each sample's best class; export it as [" + batch + ", classes]",
            _ => null,
        };
        if (unfit is not null)
        {
            problems.Add(new Problem(Rules.EnsembleRuleUnfit, first.Name, rule, unfit, $"Take another rule for it: Combine=\"{first.Name}=Stack\", or Custom for one of your own."));
            return null;
        }
        if (rule == CombineOptions.Stack)
            return first with { Shape = first.RankIsKnown ? new([new(members.Count, null), .. shape]) : new([]) };
        // Labels of the largest score.
        return rule is CombineOptions.SoftVote or CombineOptions.MajorityVote && isScores
            ? first with { Type = ElementType.Int64, Shape = new([.. shape.Take(shape.Length - 1)]) }
            : first with { Shape = new(shape) };
    }

    // The batch, where it is the last dimension of a member's output, whatever that is called there; else null.
    private string? BatchThatIsLast(int[] places) => places
        .Select((p, m) => members[m].Batch is { } batch && members[m].Outputs[p] is { RankIsKnown: true } output && batch.Outputs[p] == output.Shape.Count - 1 ? batch.Dimension : null)
        .FirstOrDefault(static batch => batch is not null);

    // What the rule gives has the first member's type, and its shape where all have the same.
    private TensorSpec Own(TensorSpec first, int[] places)
    {
        bool isOne = Enumerable.Range(1, places.Length - 1).All(m =>
            first.RankIsKnown && members[m].Outputs[places[m]] is { RankIsKnown: true } other && MayBeEqual(first, m, other));
        return isOne ? first with { Shape = new(Shape(first, places)) } : first with { RankIsKnown = false, Shape = new([]) };
    }

    // Each dimension as far as the members say it, those that give numbers first.
    private DimSpec[] Shape(TensorSpec first, int[] places)
    {
        DimSpec[] shape = new DimSpec[first.Shape.Count];
        for (int axis = 0; axis < shape.Length; axis++)
        {
            DimSpec[] dims = [.. places.Select((p, m) => members[m].Outputs[p] is { RankIsKnown: true } output ? inputs.Resolved(m, output.Shape[axis]) : default)];
            shape[axis] = System.Array.Find(dims, d => d.Size is not null) is { Size: not null } size ? size : dims[0];
        }
        return shape;
    }

    private void NoteLeftOut(int member)
    {
        RunnerSpec spec = members[member];
        for (int i = 0; i < spec.Outputs.Count; i++)
        {
            string name = spec.Outputs[i].Name;
            bool isKnown = members[0].Outputs.Any(o => o.Name == name) || spec.Outputs.Count == members[0].Outputs.Count;
            if (!isKnown)
                problems.Add(new Problem(Rules.EnsembleOutputLeftOut, name, spec.Source));
        }
    }

    private string Names(int member) => string.Join(", ", members[member].Outputs.Select(o => "'" + o.Name + "'"));

    private static bool IsFloat(ElementType type) => type is ElementType.Float or ElementType.Double or ElementType.Float16;

    private static bool IsInteger(ElementType type) => type is ElementType.Int8 or ElementType.UInt8 or ElementType.Int16 or ElementType.UInt16
        or ElementType.Int32 or ElementType.UInt32 or ElementType.Int64 or ElementType.UInt64;

    private static string Shape(TensorSpec tensor) => tensor.RankIsKnown
        ? "[" + string.Join(", ", tensor.Shape.Select(d => d.Size?.ToString(CultureInfo.InvariantCulture) ?? d.Symbol ?? d.Expression ?? "?")) + "]"
        : "any shape";
}
