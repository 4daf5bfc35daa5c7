using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Cleave.Core.Tuning;
using Cleave.Generated;

namespace Cleave.Tuning;

/// <summary>The splits of a model, as tuning files tell them apart.</summary>
internal static class TunedPlans
{
    // Enough for the few splits that a model ever has.
    private const int Bytes = 8;

    public static IReadOnlyList<TunedPlan> Of(ModelDefinition definition) =>
        [.. definition.Budgets.Select(static b => b.Plan).Where(static p => p.IsSplit).Distinct().Select(static p => new TunedPlan(p.Name, Fingerprint(p)))];

    // The graph is the same one: its nodes have the same numbers.
    private static string Fingerprint(Plan plan) => Convert.ToHexString(SHA256.HashData(
        Encoding.UTF8.GetBytes(string.Join('\n', plan.Segments.Select(static s => s.Nodes).Prepend(plan.Recurrent)))).AsSpan(0, Bytes));
}
