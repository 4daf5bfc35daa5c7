using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Passes.Fusion;

/// <summary>
/// One step of a fusion along a chain: what ends in <paramref name="From"/> takes the only reader of its value along.
/// </summary>
/// <param name="From">What the chain is so far: its kind, or the operator of a node alone.</param>
/// <param name="Reader">The operator of the reader, or what it became through another of its inputs.</param>
/// <param name="To">The kind of the longer chain.</param>
/// <param name="When">Whether the reader's other inputs and attributes allow it: the view, the last node of the chain, the reader, and through which input it reads; null: always.</param>
internal sealed record ChainRule(string From, string Reader, string To, Func<FusionView, int, int, int, bool>? When = null);

/// <summary>Applies chain rules along the graph.</summary>
internal static class Chains
{
    /// <summary>Merges what the rules say. A node goes on with what it has become, so that one rule continues another.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public static void Apply(FusionView view, GroupMerger groups, IEnumerable<ChainRule> rules)
    {
        Dictionary<string, List<ChainRule>> table = new(StringComparer.Ordinal);
        foreach (ChainRule rule in rules)
        {
            if (!table.TryGetValue(rule.From, out List<ChainRule>? same))
                table.Add(rule.From, same = []);
            same.Add(rule);
        }
        string[] states = (string[])view.Operators.Clone();
        foreach (int node in view.Order)
            states[node] = groups.Kind(node) ?? states[node];
        foreach (int reader in view.Order)
        {
            for (int i = 0; i < view.Inputs[reader].Length; i++)
            {
                int from = view.Producer(view.Inputs[reader][i]);
                if (from >= 0 && view.HasOneUse(from) && view.Outputs[from][0] == view.Inputs[reader][i])
                    Step(from, reader, i);
            }
        }

        void Step(int from, int reader, int input)
        {
            if (!table.TryGetValue(states[from], out List<ChainRule>? candidates))
                return;
            foreach (ChainRule rule in candidates)
            {
                // By what the reader has become through another input: a product takes both factors along, a sum one convolution only.
                if (rule.Reader == states[reader] && (rule.When is null || rule.When(view, from, reader, input)) && groups.TryMerge(rule.To, [from, reader]))
                {
                    states[reader] = rule.To;
                    return;
                }
            }
        }
    }
}
