using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Partitions;

namespace Cleave.Tool.Planning;

/// <summary>The split plans that Cleave would bake in for a model, as partitions.</summary>
internal static class BakedPlans
{
    /// <param name="graph">The model.</param>
    /// <param name="device">The device that it is planned for.</param>
    /// <param name="options">For which core counts, and whether splits are forced.</param>
    /// <param name="sizes">Of open dimensions, by name; what is missing has the default.</param>
    /// <returns>Each distinct plan once, with the least cores that it is for, and how recurrent nodes are taken apart for it: its nodes are those that are there then.</returns>
    public static IEnumerable<(int Cores, Partition Partition, IReadOnlyList<RecurrentSplit> Splits)> Of(PlanGraph graph, DeviceTable device, PlanOptions options, IReadOnlyDictionary<string, long>? sizes = null)
    {
        IReadOnlyDictionary<string, long> dims = PlanDimensions.Of(graph, sizes ?? new Dictionary<string, long>());
        BudgetTable table = RecurrentPlanner.Plan(graph, dims, new CostModel(device), options);
        return table.Rows.Where(r => r.Chosen.Plan.IsSplit).DistinctBy(r => r.Chosen.Plan)
            .Select(r => (r.Cores, new Partition(r.Chosen.Plan.Segments), r.Chosen.Rewritten?.Splits ?? []));
    }
}
