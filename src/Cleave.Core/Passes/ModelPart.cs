using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes;

/// <summary>The part of a model that chosen outputs need.</summary>
internal sealed class ModelPart
{
    private const int MostSuggestions = 3;

    private readonly OutputCandidates _candidates;
    private readonly HashSet<string> _reads;

    private ModelPart(OutputCandidates candidates, IReadOnlyList<string> outputs)
    {
        GraphIndex index = candidates.Index;
        bool[] needed = index.NodesFor(outputs);
        _candidates = candidates;
        _reads = new(outputs, StringComparer.Ordinal);
        List<int> nodes = [];
        for (int i = 0; i < needed.Length; i++)
        {
            if (!needed[i])
                continue;
            _reads.UnionWith(index.Reads(i));
            // Constants come with whoever reads them.
            if (!index.IsConstant(i))
                nodes.Add(i);
        }
        Outputs = outputs;
        Nodes = nodes;
    }

    /// <summary>The chosen outputs, in their order.</summary>
    public IReadOnlyList<string> Outputs { get; }

    /// <summary>Positions of the nodes that run, rising; those that give the same in every call are left out.</summary>
    public IReadOnlyList<int> Nodes { get; }

    /// <summary>Whether the part reads a value: an input that it does not read is no input of it.</summary>
    public bool Reads(string name) => _reads.Contains(name);

    /// <summary>What is known of one of the outputs.</summary>
    public ValueFacts FactsOf(string output) => _candidates.FactsOf(output);

    /// <summary>Whether the names are those of the model's outputs, in any order: then the part is the whole model.</summary>
    public static bool IsWhole(OnnxModel model, IReadOnlyList<string> names) =>
        names.Count == model.Graph.Outputs.Count && new HashSet<string>(names, StringComparer.Ordinal).SetEquals(model.Graph.Outputs.Select(o => o.Name));

    /// <summary>The part for the names, or null and what is wrong with them.</summary>
    public static ModelPart? For(OnnxModel model, IReadOnlyList<string> names, List<Problem> problems)
    {
        OutputCandidates candidates = new(model);
        HashSet<string> seen = new(StringComparer.Ordinal);
        bool good = true;
        foreach (string name in names)
        {
            if (ProblemWith(name, candidates, seen) is not { } problem)
                continue;
            problems.Add(problem);
            good = false;
        }
        return good ? new ModelPart(candidates, names) : null;
    }

    private static Problem? ProblemWith(string name, OutputCandidates candidates, HashSet<string> seen)
    {
        if (!seen.Add(name))
            return new Problem(Rules.OutputChosenTwice, name);
        if (candidates.WhyNot(name) is not { } why)
            return null;
        if (candidates.Exists(name) || candidates.BodyOf(name) is not null)
            return new Problem(Rules.CannotBeOutput, name, why);
        string[] nearest = [.. NearestNames.Of(name, candidates.Names()).Where(n => candidates.WhyNot(n) is null).Take(MostSuggestions)];
        return new Problem(Rules.ChosenOutputMissing, name,
            nearest.Length == 0 ? "no name is like it" : "the nearest: '" + string.Join("', '", nearest) + "'");
    }
}
