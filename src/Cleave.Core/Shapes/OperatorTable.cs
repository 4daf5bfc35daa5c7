using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Shapes.Operators;

namespace Cleave.Core.Shapes;

/// <summary>The operators that inference knows: one list for each family, in <c>Operators</c>.</summary>
internal static class OperatorTable
{
    // What most models have comes first.
    private static readonly Func<IEnumerable<OperatorRule>>[] Families =
    [
        static () => Elementwise.Rules,
        static () => Arithmetic.Rules,
        static () => Products.Rules,
        static () => Rounding.Rules,
        static () => Normalization.Rules,
        static () => Reshaping.Rules,
        static () => Slicing.Rules,
        static () => Picking.Rules,
        static () => Reductions.Rules,
        static () => Convolutions.Rules,
        static () => Pooling.Rules,
        static () => Creation.Rules,
        static () => AttentionOperators.Rules,
        static () => BlockedConvolutions.Rules,
        static () => ControlFlow.Rules,
        static () => Losses.Rules,
        static () => MachineLearning.Rules,
        static () => Quantization.Rules,
        static () => Randomness.Rules,
        static () => Recurrent.Rules,
        static () => Resizing.Rules,
        static () => Sequences.Rules,
        static () => Signals.Rules,
        static () => Texts.Rules,
        static () => Training.Rules,
        static () => Vision.Rules,
    ];

    private static readonly Dictionary<(string Domain, string OpType), OperatorRule> Rules = [];
    private static int _read;

    /// <summary>All of them, by domain and name.</summary>
    public static IEnumerable<OperatorRule> All
    {
        get
        {
            lock (Rules)
            {
                while (_read < Families.Length)
                    ReadNext();
                return [.. Rules.Values.OrderBy(r => r.Domain, StringComparer.Ordinal).ThenBy(r => r.OpType, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>
    /// The rule of an operator; null where none is known. Families are read as they are needed: a compiler that was just started would
    /// compile all of them for a model of a few operators.
    /// </summary>
    public static OperatorRule? Find(string domain, string opType)
    {
        lock (Rules)
        {
            OperatorRule? rule;
            while (!Rules.TryGetValue((domain, opType), out rule) && _read < Families.Length)
                ReadNext();
            return rule;
        }
    }

    private static void ReadNext()
    {
        foreach (OperatorRule rule in Families[_read++]())
            Rules.Add((rule.Domain, rule.OpType), rule);
    }
}
