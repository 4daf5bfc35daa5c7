using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Shapes.Operators;

namespace Cleave.Core.Shapes;

/// <summary>The operators that inference knows: one list for each family, in <c>Operators</c>.</summary>
internal static class OperatorTable
{
    private static readonly Dictionary<(string Domain, string OpType), OperatorRule> Rules = Collect();

    /// <summary>All of them, by domain and name.</summary>
    public static IEnumerable<OperatorRule> All =>
        Rules.Values.OrderBy(r => r.Domain, StringComparer.Ordinal).ThenBy(r => r.OpType, StringComparer.Ordinal);

    public static OperatorRule? Find(string domain, string opType) =>
        Rules.TryGetValue((domain, opType), out OperatorRule? rule) ? rule : null;

    private static Dictionary<(string, string), OperatorRule> Collect()
    {
        Dictionary<(string, string), OperatorRule> rules = [];
        foreach (OperatorRule rule in Families())
            rules.Add((rule.Domain, rule.OpType), rule);
        return rules;
    }

    private static IEnumerable<OperatorRule> Families() =>
    [
        .. Arithmetic.Rules,
        .. AttentionOperators.Rules,
        .. BlockedConvolutions.Rules,
        .. ControlFlow.Rules,
        .. Convolutions.Rules,
        .. Creation.Rules,
        .. Elementwise.Rules,
        .. Losses.Rules,
        .. MachineLearning.Rules,
        .. Normalization.Rules,
        .. Picking.Rules,
        .. Pooling.Rules,
        .. Products.Rules,
        .. Quantization.Rules,
        .. Randomness.Rules,
        .. Recurrent.Rules,
        .. Reductions.Rules,
        .. Reshaping.Rules,
        .. Resizing.Rules,
        .. Rounding.Rules,
        .. Sequences.Rules,
        .. Signals.Rules,
        .. Slicing.Rules,
        .. Texts.Rules,
        .. Training.Rules,
        .. Vision.Rules,
    ];
}
