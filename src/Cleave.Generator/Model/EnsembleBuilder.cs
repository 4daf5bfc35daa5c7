using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;

namespace Cleave.Generator.Model;

/// <summary>Makes the spec of an ensemble from its file and the specs of its members, or says why there can be none.</summary>
internal static class EnsembleBuilder
{
    private static readonly string[] EnsembleMembers = ["Bind", "Collect", "CombineOutput", "Members", "ReloadMemberAsync"];

    /// <summary>The spec, or null and at least one error among <paramref name="problems"/>.</summary>
    /// <param name="ensemble">What the item says.</param>
    /// <param name="runners">All runners of the project.</param>
    /// <param name="rootNamespace">The project's.</param>
    /// <param name="problems">Gets what is wrong.</param>
    public static EnsembleSpec? Build(EnsembleListing ensemble, IReadOnlyList<RunnerSpec> runners, string rootNamespace, List<Problem> problems)
    {
        problems.AddRange(ensemble.Unused.Select(static u => new Problem(Rules.EnsembleMetadataUnused, u.Key, u.Value)));
        OptionReader item = new(
            new ListingOptions { Namespace = ensemble.Namespace, ClassName = ensemble.ClassName, Access = ensemble.Access }, problems, Rules.EnsembleBadMetadata);
        string stem = item.Stem(ensemble.Name);
        string space = item.Namespace(rootNamespace);
        string access = item.Access();
        CombineOptions combine = new(ensemble, problems);
        string[] devices = DeviceNames.Of(ensemble, problems);
        RunnerSpec[] members = Members(ensemble, runners, problems);
        if (HasError(problems))
            return null;
        EnsembleInputs shared = new(members, problems);
        if (HasError(problems))
            return null;
        List<MatchedOutput> combined = new EnsembleOutputs(members, shared, combine, problems).Match();
        if (HasError(problems))
            return null;

        CheckTuning(ensemble, members, problems);
        Surface surface = new(stem);
        TensorSpec[] inputs = surface.Name(shared.Tensors(), "Input");
        TensorSpec[] outputs = surface.Name(combined.Select(o => o.Tensor), "Output");
        SymbolBuilder symbols = new(surface.Properties, surface.Parameters, inputs, outputs);
        inputs = symbols.Name(inputs);
        RunnerSpec runner = new()
        {
            Namespace = space,
            Stem = stem,
            Access = access,
            Source = ensemble.Name,
            ModelName = ensemble.Name,
            OutputPath = ensemble.Path,
            Hash = "",
            Facts = new ModelFacts("", "", "", 0, "", ""),
            Symbols = new([.. symbols.Symbols]),
            Inputs = new([.. inputs.Select(surface.WithShapeNames)]),
            Outputs = new(outputs),
        };
        NameScope parameters = new();
        return new EnsembleSpec(
            runner,
            new([.. members.Select((m, i) => new EnsembleMemberSpec(
                m.Source, m.FullName, Identifiers.Escape(parameters.Take(Identifiers.Camel(m.Stem))), new(shared.Places[i])))]),
            new([.. combined.Select((o, i) => new CombinedOutputSpec(
                o.Rule,
                new(o.Places),
                new([.. o.Places.Select((p, m) => members[m].Outputs[p].Element)]),
                new(o.Rule is CombineOptions.WeightedMean or CombineOptions.SoftVote or CombineOptions.MajorityVote ? combine.Weights : []),
                o.Rule == CombineOptions.Custom ? surface.Fields.Take("Combine" + outputs[i].Property) : ""))]),
            new(devices));
    }

    private static RunnerSpec[] Members(EnsembleListing ensemble, IReadOnlyList<RunnerSpec> runners, List<Problem> problems)
    {
        if (ensemble.Members.Count == 0)
            problems.Add(new Problem(Rules.EnsembleEmpty));
        List<RunnerSpec> members = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (EnsembleMemberEntry entry in ensemble.Members)
        {
            if (!seen.Add(entry.Path))
                problems.Add(new Problem(Rules.EnsembleMemberTwice, entry.Source));
            else if (runners.FirstOrDefault(r => r.OutputPath == entry.Path) is { } runner)
                members.Add(runner);
            else
                problems.Add(new Problem(Rules.EnsembleMemberMissing, entry.Source));
        }
        return [.. members];
    }

    // As the runner asks: the same graphs in the same order.
    private static void CheckTuning(EnsembleListing ensemble, RunnerSpec[] members, List<Problem> problems)
    {
        string file = Path.GetFileName(ensemble.Path) + TuningFile.Ending;
        string[] stale = [.. ensemble.Tunings.Where(t => !t.Graphs.SequenceEqual(members.Select(static m => m.Hash), StringComparer.Ordinal)).Select(static t => t.Machine)];
        if (ensemble.TuningProblem.Length > 0)
            problems.Add(new Problem(Rules.EnsembleTuningStale, file, ensemble.TuningProblem));
        else if (stale.Length > 0)
            problems.Add(new Problem(Rules.EnsembleTuningStale, file, "it was measured of other members or other graphs (" + string.Join("; ", stale) + ")"));
    }

    private static bool HasError(List<Problem> problems) => problems.Exists(p => p.Rule.Severity == Severity.Error);

    /// <summary>The names of the ensemble's classes.</summary>
    private sealed class Surface
    {
        public Surface(string stem)
        {
            string[] classes = [stem + "Runner", stem + "Input", stem + "Output"];
            Properties = new([.. SpecBuilder.ObjectMembers, .. classes, "Dispose"]);
            Fields = new([.. SpecBuilder.ObjectMembers, .. classes, .. SpecBuilder.RunnerMembers, .. EnsembleMembers]);
        }

        public NameScope Properties { get; }

        public NameScope Fields { get; }

        public NameScope Parameters { get; } = new("binder");

        public TensorSpec[] Name(IEnumerable<TensorSpec> tensors, string prefix) =>
        [
            .. tensors.Select((tensor, i) =>
            {
                string wanted = Identifiers.Pascal(tensor.Name, prefix);
                string property = Properties.Take(wanted.Length > 0 ? wanted : prefix + i.ToString(CultureInfo.InvariantCulture));
                return tensor with { Property = property, Field = Fields.Take(property), ShapeProperty = "", ShapeParameter = "" };
            }),
        ];

        public TensorSpec WithShapeNames(TensorSpec input)
        {
            if (input.RankIsKnown)
                return input;
            string property = Properties.Take(input.Property + "Shape");
            return input with { ShapeProperty = property, ShapeParameter = Parameters.Take(Identifiers.Camel(property)) };
        }
    }
}
