using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;

namespace Cleave.Generator.Model;

/// <summary>The item metadata <c>Combine</c> and <c>Weights</c> of an ensemble; what cannot be understood becomes a problem.</summary>
internal sealed class CombineOptions
{
    public const string Mean = "Mean";
    public const string WeightedMean = "WeightedMean";
    public const string SoftVote = "SoftVote";
    public const string MajorityVote = "MajorityVote";
    public const string Max = "Max";
    public const string Stack = "Stack";
    public const string Custom = "Custom";

    private static readonly string[] Names = [Mean, WeightedMean, SoftVote, MajorityVote, Max, Stack, Custom];

    private readonly Dictionary<string, string> _rules = new(StringComparer.Ordinal);
    private string? _other;

    public CombineOptions(EnsembleListing ensemble, List<Problem> problems)
    {
        foreach (string entry in ensemble.Combine)
        {
            int sign = entry.LastIndexOf('=');
            string word = entry.Substring(sign + 1).Trim();
            if (Array.Find(Names, n => n.Equals(word, StringComparison.OrdinalIgnoreCase)) is not { } rule)
                problems.Add(new Problem(Rules.EnsembleBadMetadata, "Combine", entry, "use " + string.Join(", ", Names.Take(Names.Length - 1)) + " or " + Custom + ", for one output scores=" + Mean));
            else
                Take(entry, sign < 0 ? null : entry.Substring(0, sign).Trim(), rule, problems);
        }
        Weights = Read(ensemble, problems);
        bool weighs = _rules.Values.Append(Other).Any(r => r is WeightedMean or SoftVote or MajorityVote);
        if (Weights.Length > 0 && !weighs)
            problems.Add(new Problem(Rules.EnsembleBadMetadata, "Weights", Text(ensemble), "no rule uses them: take Combine=\"WeightedMean\", SoftVote or MajorityVote, or take Weights off the item"));
        if (Weights.Length == 0 && ensemble.Weights.Count == 0 && _rules.Values.Append(Other).Contains(WeightedMean))
            problems.Add(new Problem(Rules.EnsembleBadMetadata, "Combine", WeightedMean, "give each member a weight: Weights=\"2;1;1\""));
    }

    /// <summary>One for each member; none where none were given, or they cannot be understood.</summary>
    public double[] Weights { get; }

    /// <summary>The outputs that have rules of their own.</summary>
    public IEnumerable<string> Named => _rules.Keys;

    private string Other => _other ?? Mean;

    /// <summary>The rule for an output.</summary>
    public string For(string output) => _rules.TryGetValue(output, out string? rule) ? rule : Other;

    private void Take(string entry, string? output, string rule, List<Problem> problems)
    {
        string? before = output is null ? _other : _rules.TryGetValue(output, out string? known) ? known : null;
        if (before is not null)
        {
            problems.Add(new Problem(Rules.EnsembleBadMetadata, "Combine", entry, output is null
                ? $"one rule for all outputs was given before, {before}: give other rules with the name of an output, such as scores={rule}"
                : $"the output '{output}' was given a rule before, {before}: take one of the two off the item"));
        }
        else if (output is null)
        {
            _other = rule;
        }
        else
        {
            _rules.Add(output, rule);
        }
    }

    private static double[] Read(EnsembleListing ensemble, List<Problem> problems)
    {
        double[] weights = [.. ensemble.Weights.Select(Weight)];
        string? wrong =
            weights.Length == 0 ? null
            : Array.Exists(weights, double.IsNaN) ? "use numbers of 0 and more, such as 0.5"
            : weights.Length != ensemble.Members.Count ? $"give one weight for each of the {NumberText.Of(ensemble.Members.Count)} members, not {NumberText.Of(weights.Length)}"
            : weights.Sum() is not (> 0 and < 1e30) ? "their sum must be more than 0, and less than 1e30"
            : null;
        if (wrong is null)
            return weights;
        problems.Add(new Problem(Rules.EnsembleBadMetadata, "Weights", Text(ensemble), wrong));
        return [];
    }

    private static double Weight(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double weight) && !double.IsInfinity(weight)
            ? weight
            : double.NaN;

    private static string Text(EnsembleListing ensemble) => string.Join(";", ensemble.Weights);
}
