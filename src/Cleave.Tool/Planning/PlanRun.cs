using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Schedule;
using Cleave.Core.Shapes.Batch;
using Cleave.Tool.Running;

namespace Cleave.Tool.Planning;

/// <summary>What <c>cleave plan</c> was asked for.</summary>
/// <param name="Cores">The cores of the process: what a runner takes with them is shown in full, and what it takes with fewer as rows.</param>
/// <param name="Dims">Sizes of open dimensions.</param>
/// <param name="Mode">Whether the model is split.</param>
/// <param name="Device">The name of a device table, or a file with one; null is the one that the build plans for.</param>
internal sealed record PlanRequest(int Cores, DimensionSample Dims, PlanMode Mode, string? Device)
{
    /// <summary>The values asked for; none is the model's outputs.</summary>
    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>The folder of prepared models that its runner is given; null: the one in the environment, if any.</summary>
    public string? Prepared { get; init; }
}

/// <summary>Plans a model and says what came out.</summary>
internal static class PlanRun
{
    /// <exception cref="RefusedException">What was asked for cannot be done.</exception>
    /// <exception cref="RefusedException">The same: the generator would report an error, where it is to be seen what is prepared.</exception>
    public static PlanReport Run(ModelUnderTest model, PlanRequest request, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, long> dims;
        try
        {
            dims = PlanDimensions.Of(model.Graph, request.Dims.Sizes);
        }
        catch (FormatException e)
        {
            throw new RefusedException("--dims: " + e.Message + ".");
        }
        DeviceTable device = Device(request.Device);
        SizedGraph sized = new(model.Graph, dims);
        BudgetTable table = RecurrentPlanner.Plan(model.Graph, dims, new CostModel(device), new PlanOptions
        {
            Cores = [.. PlanOptions.AllCores.Where(c => c <= request.Cores)],
            Mode = request.Mode,
        });
        return new PlanReport
        {
            Model = Path.GetFileName(model.Path),
            Device = device.Name,
            Dims = dims,
            Nodes = model.Graph.Groups.Sum(g => g.Nodes.Length),
            Units = table.Units,
            Paths = table.Paths,
            Clusters = table.Clusters,
            Rows = [.. table.Rows.Select(r => Row(r, table))],
            Plan = Detail(table.Rows[^1]),
            Batch = Batch(model),
            Memory = PlanMemory.Of(model, request, (long)sized.WeightBytes, cancellationToken),
            Notes = [.. BetweenRows(request.Cores, table.Rows[^1].Cores), .. PlanDimensions.Nameless(model.Graph).Select(i => $"an axis of the input '{i}' has no name, so no size: what depends on it counts as nothing but overhead")],
        };
    }

    /// <summary>The table of that name or in that file; null is the one that the build plans for.</summary>
    public static DeviceTable Device(string? given)
    {
        if (given is null)
            return DeviceTables.Baked;
        if (DeviceTables.Find(given) is { } shipped)
            return shipped;
        try
        {
            using StreamReader text = new(given);
            return DeviceTableText.ReadComplete(text);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"--device {given}: {e.Message.TrimEnd('.')}. Make one with cleave calibrate -o {given}.");
        }
    }

    // Runners take the last row that fits their cores.
    private static IEnumerable<string> BetweenRows(int cores, int row)
    {
        if (cores != row)
            yield return string.Create(CultureInfo.InvariantCulture, $"plans are made for {string.Join(", ", PlanOptions.AllCores.SkipLast(1))} and {PlanOptions.AllCores[^1]} cores: with {cores} cores a runner takes that for {row}");
    }

    private static PlanBatchReport Batch(ModelUnderTest model)
    {
        BatchProof proof = BatchAxis.Find(model.Graph.Facts, model.Graph.Outputs);
        if (proof.Holds)
            return new PlanBatchReport(proof.Dimension, proof.IsFirstEverywhere, proof.IsFirstEverywhere ? "" : "it is not the first axis of every input and output, and slices of a batch are not copied");
        return new PlanBatchReport(null, false, BatchAdvice.ShortWords(proof, model.Graph.Model.Graph.Inputs.Where(i => model.Graph.Index.IsInput(i.Name))));
    }

    private static PlanRowReport Row(BudgetRow row, BudgetTable table) => new(
        row.Cores, table.Plans.ToList().IndexOf(row.Chosen.Plan) + 1, row.Chosen.Threads, row.Chosen.Plan.Segments.Count, row.Chosen.Nanoseconds,
        row.Whole.Nanoseconds, row.Whole.Threads[0], row.Split?.Nanoseconds, row.Why);

    private static PlanDetail Detail(BudgetRow row)
    {
        PlannedRun run = row.Chosen;
        Dictionary<int, SegmentRun> when = run.Prediction.Runs.ToDictionary(r => r.Segment);
        SegmentReport[] segments = [.. run.Plan.Segments.Select((s, i) => new SegmentReport(
            s.Name, when[i].Lane, NodeRanges.Write([.. s.Nodes.Order()]), s.Nodes.Length, s.Reads, s.Writes, when[i].Start, run.Segments[i]))];
        int[] cloned = [.. run.Plan.Segments.SelectMany(s => s.Cloned).Distinct().Order()];
        return new PlanDetail(
            row.Cores, run.Nanoseconds, [.. run.Plan.Lanes.Select((l, i) => new LaneReport(l.Name, run.Threads[i], [.. l.Statements.Select(Text)]))],
            segments, [.. run.Prediction.CriticalPath.Select(r => r.Segment)], NodeRanges.Write(cloned))
        {
            Recurrent = run.Rewritten is { } rewritten ? Recurrent(rewritten) : null,
        };
    }

    private static RecurrentReport Recurrent(RewrittenGraph rewritten) =>
        new(RecurrentPlanner.Words(rewritten.Splits), [.. rewritten.Splits.Select(s => new RecurrentNodeReport(s.Node, s.Steps, s.Chunks))], rewritten.Graph.Graph.Nodes.Count);

    private static string Text(Statement statement) => statement switch
    {
        Statement.Run run => string.Create(CultureInfo.InvariantCulture, $"run {run.Segment}"),
        Statement.Send send => string.Create(CultureInfo.InvariantCulture, $"send {string.Join(", ", send.Values)} to {send.To}"),
        Statement.Receive receive => string.Create(CultureInfo.InvariantCulture, $"receive {string.Join(", ", receive.Values)} from {receive.From}"),
        _ => throw new ArgumentException("no statement of lanes: " + statement, nameof(statement)),
    };
}
