using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Parts;
using Cleave.Generated;
using Cleave.Generator.Model;

namespace Cleave.Tool.Loose;

/// <summary>Makes the definition of a runner from what the generator would write: the same values, segments, lanes and thread budgets, without compiling it.</summary>
internal sealed class LooseDefinition
{
    private readonly RunnerSpec _spec;
    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);

    private LooseDefinition(RunnerSpec spec) => _spec = spec;

    /// <summary>What the generator makes of a model.</summary>
    /// <param name="path">The model's file.</param>
    /// <param name="model">The model.</param>
    /// <param name="options">The item metadata; its paths are set here.</param>
    /// <exception cref="RefusedException">The generator would report an error.</exception>
    public static RunnerSpec SpecOf(string path, OnnxModel model, ListingOptions options)
    {
        List<Problem> problems = [];
        string name = Path.GetFileName(path);
        ListingOptions placed = options with { Source = name, Path = name };
        ModelListing listing = new() { Options = placed, Model = model, Hash = ListingWriter.Hash(model) };
        return SpecBuilder.Build(listing, name, "Cleave.Models", problems)
            ?? throw new RefusedException(string.Join(" ", problems.Where(p => p.Rule.Severity == Severity.Error).Select(p => p.Rule.Id + ": " + p.Message(name))));
    }

    public static ModelDefinition Of(RunnerSpec spec) => new LooseDefinition(spec).Build();

    private ModelDefinition Build()
    {
        foreach (TensorSpec tensor in _spec.Inputs.Concat(_spec.Outputs))
            _values.Add(tensor.Field, ValueOf(tensor));
        Value[] inputs = [.. _spec.Inputs.Select(i => _values[i.Field])], outputs = [.. _spec.Outputs.Select(o => _values[o.Field])];
        Segment whole = new("Whole", _spec.Nodes, inputs, outputs);
        Dictionary<string, Plan> plans = new(StringComparer.Ordinal) { [RunnerSpec.WholePlan] = new("Whole", [whole], lane => lane.Run(whole)) };
        foreach (PlanSpec plan in _spec.Plans)
            plans.Add(plan.Class, PlanOf(plan));
        return new ModelDefinition(
            ModelDefinition.ContractServed, _spec.ModelName, _spec.OutputPath, _spec.Hash, inputs, outputs,
            [.. _spec.Budgets.Select(b => new Budget(b.Cores, plans[b.Class], [.. b.Threads]))])
        {
            Options = Options(),
            PlannedSizes = [.. _spec.PlannedSizes],
            Device = _spec.Device is { } device ? new DevicePlan(device.Kind, plans[device.Class], [.. device.Threads]) { FewerCoresThan = device.FewerCoresThan ?? int.MaxValue } : null,
            NoBatch = _spec.NoBatch.Length > 0 ? _spec.NoBatch : null,
            Batch = _spec.Batch is { } batch
                ? new BatchAxis(batch.Dimension, [.. batch.Inputs], [.. batch.Outputs], [.. batch.Gains.Select(g => new BatchGain(g.Elements, g.Size, g.Gain))])
                : null,
            Times = _spec.Times.Count > 0
                ? new PredictedTimes(CallPredictor.Counts, [.. _spec.Times.Select(t => new PredictedTime(t.Elements, t.Samples, [.. t.Microseconds]))])
                : null,
        };
    }

    private RunnerOptions Options()
    {
        RunnerOptions options = new();
        if (_spec.Slicing is { } slicing)
            options.Slicing = slicing;
        if (_spec.Weights is { } weights)
            options.Weights = Enum.Parse<WeightLoading>(weights);
        if (_spec.Plan is { } plan)
            options.Plan = Enum.Parse<PlanChoice>(plan);
        LooseSettings.Apply(_spec.Settings, options);
        return options;
    }

    private Plan PlanOf(PlanSpec plan)
    {
        // What one plan hands over is no other's.
        Dictionary<string, Value> values = new(_values, StringComparer.Ordinal);
        foreach (ValueSpec value in plan.Values)
            values.Add(value.Field, ValueOf(value.Name, value.Type, value.RankIsKnown, value.Shape, value.IsSteady));
        Dictionary<string, Segment> segments = plan.Segments.ToDictionary(
            s => s.Field, s => SegmentOf(s, [.. s.Reads.Select(r => values[r])], [.. s.Writes.Select(w => values[w])]), StringComparer.Ordinal);
        return new Plan(plan.Class, [.. plan.Segments.Select(s => segments[s.Field])], [.. plan.Lanes.Select(l => Follow([.. l.Statements.SelectMany(Steps)]))]) { Recurrent = plan.Recurrent };

        IEnumerable<Action<Lane>> Steps(StatementSpec statement) => statement.Call is LaneCall.Run or LaneCall.Launch
            ? [statement.Call == LaneCall.Run ? Run(segments[statement.Fields[0]]) : Launch(segments[statement.Fields[0]])]
            : statement.Fields.Select(f => statement.Call == LaneCall.Send ? Send(values[f]) : Receive(values[f]));
    }

    private static Action<Lane> Run(Segment segment) => lane => lane.Run(segment);

    private static Segment SegmentOf(SegmentSpec segment, Value[] reads, Value[] writes) => segment.Device is { } device
        ? Segment.OnDevice(segment.Name, segment.Nodes, reads, writes, device.WeightBytes, device.WorkspaceBytes)
        : new Segment(segment.Name, segment.Nodes, reads, writes);

    private static Action<Lane> Launch(Segment segment) => lane => lane.Launch(segment);

    private static Action<Lane> Send(Value value) => lane => lane.Send(value);

    private static Action<Lane> Receive(Value value) => lane => lane.Receive(value);

    private static Action<Lane> Follow(Action<Lane>[] steps) => lane =>
    {
        foreach (Action<Lane> step in steps)
            step(lane);
    };

    /// <summary>A tensor as generated code describes it.</summary>
    public static Value ValueOf(TensorSpec tensor) => ValueOf(tensor.Name, tensor.Type, tensor.RankIsKnown, tensor.Shape, tensor.IsSteady);

    private static Value ValueOf(string name, ElementType type, bool rankIsKnown, IEnumerable<DimSpec> dims, bool isSteady)
    {
        Value value = Value.Of(
            name, type, rankIsKnown ? [.. dims.Select(d => d.Size is { } size ? size : d.Symbol is { } symbol ? symbol : Dim.Unknown)] : null);
        return isSteady ? value.ShapedByInputs() : value;
    }
}
