using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;

namespace Cleave.Generator.Model;

/// <summary>A model with its plans.</summary>
/// <param name="Sized">What runs of it, at the sizes that it is planned for.</param>
/// <param name="Table">By core count.</param>
/// <param name="Sizes">Those sizes, by dimension.</param>
/// <param name="Cost">The device that it is planned for.</param>
internal sealed record PlannedModel(SizedGraph Sized, BudgetTable Table, IReadOnlyDictionary<string, long> Sizes, CostModel Cost)
{
    /// <summary>The device and sizes, in words.</summary>
    public string For => string.Join(", ", Sizes.Select(s => s.Key + "=" + s.Value.ToString(CultureInfo.InvariantCulture)).Prepend(Cost.Table.Name));

    public PlanGraph Graph => Sized.Graph;

    /// <summary>As a plan's segments have it.</summary>
    public PlannedModel Of(RewrittenGraph? rewritten) => rewritten is null ? this : this with { Sized = rewritten.Graph };
}

/// <summary>Plans a model for every core count.</summary>
internal static class ModelPlanner
{
    /// <param name="model">The model.</param>
    /// <param name="outputs">The chosen outputs; null is the model's.</param>
    /// <param name="mode">Whether it is split.</param>
    /// <param name="dims">The item metadata <c>Dims</c>.</param>
    /// <param name="problems">Gets what is wrong with the metadata.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Null where an error was added.</returns>
    public static PlannedModel? Plan(OnnxModel model, IReadOnlyList<string>? outputs, PlanMode mode, string dims, List<Problem> problems, CancellationToken cancellation = default)
    {
        PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(model), outputs);
        cancellation.ThrowIfCancellationRequested();
        IReadOnlyDictionary<string, long> sizes;
        try
        {
            sizes = PlanDimensions.Of(graph, PlanDimensions.Parse(dims));
        }
        catch (FormatException e)
        {
            problems.Add(new Problem(Rules.BadMetadata, "Dims", dims, e.Message));
            return null;
        }
        SizedGraph sized = new(graph, sizes);
        CostModel cost = new(DeviceTables.Baked);
        BudgetTable table = RecurrentPlanner.Plan(graph, sizes, cost, new PlanOptions { Mode = mode, Cancellation = cancellation });
        if (mode == PlanMode.Split && !table.Plans.Any(p => p.IsSplit))
            problems.Add(new Problem(Rules.NothingToSplit));
        return new PlannedModel(sized, table, sizes, cost);
    }
}
