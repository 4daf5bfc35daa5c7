using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Placement;
using Cleave.Core.Schedule;
using Cleave.Core.Shapes;
using Cleave.Generator.Emit;
using Cleave.Generator.Pipeline;

namespace Cleave.Generator.Model;

/// <summary>Gives a split plan its names in C#, and puts its statements into code.</summary>
internal sealed class PlanSpecBuilder
{
    /// <summary>A lane with more statements is written as several methods.</summary>
    public const int MostStatements = 100;

    /// <summary>A plan with more statements, of all lanes together, is written as tables: nobody reads so many, and the compiler need not.</summary>
    public const int MostInCode = 2000;

    private const int LongestName = 80;
    private const int MostReceived = 4;

    private readonly PlannedModel _model;
    private readonly PlannedRun _run;
    private readonly PlacedRun? _placed;
    private readonly string _device;
    private readonly ExecutionPlan _plan;
    private readonly HashSet<string> _symbols;
    private readonly NameScope _names;
    private readonly Dictionary<string, string> _fields = new(StringComparer.Ordinal);
    // Those that segments read and write as the runner's fields.
    private readonly Dictionary<string, TensorSpec> _outputs = new(StringComparer.Ordinal);
    private readonly string[] _segments;
    private readonly string[] _lanes;

    /// <param name="model">The model.</param>
    /// <param name="run">The plan, with the threads of the first row that has it.</param>
    /// <param name="runner">The runner, as far as it is known.</param>
    /// <param name="type">The plan's class.</param>
    /// <param name="placed">What of it is on an accelerator; null: nothing.</param>
    /// <param name="device">The kind of the accelerator.</param>
    public PlanSpecBuilder(PlannedModel model, PlannedRun run, RunnerSpec runner, string type, PlacedRun? placed = null, string device = "")
    {
        _placed = placed;
        _device = device;
        _model = model;
        _run = run;
        _plan = run.Plan;
        _symbols = new(runner.Symbols.Select(s => s.Name), StringComparer.Ordinal);
        // What the class has hides what the runner has: the fields that statements mean must stay in sight.
        _names = new NameScope([.. SpecBuilder.ObjectMembers, .. SplitEmitter.Members, type, .. runner.Inputs.Concat(runner.Outputs).Select(t => t.Field)]);
        foreach (TensorSpec output in runner.Outputs)
        {
            _outputs[output.Name] = output;
            _fields[output.Name] = output.Field;
        }
        foreach (TensorSpec input in runner.Inputs)
            _fields[input.Name] = input.Field;
        _lanes = [.. _plan.Lanes.Select((l, i) => Take(i == 0 ? l.Name : i == placed?.DeviceLane ? device : l.Name + " lane", "Lane"))];
        _segments = [.. _plan.Segments.Select(s => Take(s.Name, "Segment"))];
        Class = type;
    }

    private string Class { get; }

    /// <summary>What a plan is called: after its number of lanes.</summary>
    public static string ClassName(ExecutionPlan plan)
    {
        string[] words = ["Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"];
        return plan.Lanes.Count < words.Length + 2 ? words[plan.Lanes.Count - 2] + "Lanes" : "Lanes" + NumberText.Of(plan.Lanes.Count);
    }

    public PlanSpec Build()
    {
        // First: statements are made of the fields.
        HashSet<string> read = new(_plan.Segments.SelectMany(s => s.Reads).Where(r => !_model.Graph.Index.IsInput(r)), StringComparer.Ordinal);
        foreach (string output in _outputs.Values.Where(o => read.Contains(o.Name) && StatesMore(o, Shape(o.Name))).Select(o => o.Name).ToArray())
            _outputs.Remove(output);
        ValueSpec[] values = [.. _plan.Segments.SelectMany(s => s.Writes).Distinct(StringComparer.Ordinal).Where(v => !_outputs.ContainsKey(v)).Select(Value)];
        SegmentSpec[] segments = [.. _plan.Segments.Select(Segment)];
        StatementSpec[][] statements = [.. _plan.Lanes.Select((_, i) => Statements(i))];
        bool isTable = statements.Sum(s => s.Length) > MostInCode;
        return new PlanSpec(Class, new(values), new(segments), new([.. statements.Select((s, i) => new LaneSpec(
            _lanes[i], Comment(i), new(s), isTable ? default : Parts(i, s.Length), isTable ? _names.Take(_lanes[i] + "Statements") : null))]))
        {
            Recurrent = RecurrentSplits.Write(_run.Rewritten?.Splits ?? []),
        };
    }

    private ValueSpec Value(string name)
    {
        string field = Take(name, "Value");
        _fields[name] = field;
        DimSpec[]? shape = Shape(name);
        return new ValueSpec(field, name, _model.Graph.Facts.Of(name).Element, shape is not null, new(shape ?? []), SpecBuilder.IsSteady(_model.Graph.Facts, name, shape is not null, shape ?? [], _symbols));
    }

    // Null where not even the rank is known.
    private DimSpec[]? Shape(string name) => _model.Graph.ShapeAtCut(name) is { } shape ? Array.ConvertAll(shape, Dim) : null;

    // A name that is no input's the runtime could not look up.
    private DimSpec Dim(Dim? dim)
    {
        DimSpec spec = dim is null ? default : DimSpec.Of(dim);
        return spec.Symbol is null || _symbols.Contains(spec.Symbol) ? spec : default;
    }

    // What the file states of an output ONNX Runtime does not hold it to; but a segment that reads it would be held to it.
    private static bool StatesMore(TensorSpec output, DimSpec[]? shape) =>
        output.RankIsKnown && (shape?.Length != output.Shape.Count || output.Shape.Where((d, i) => d.Size is not null && d.Size != shape[i].Size).Any());

    private SegmentSpec Segment(PlanSegment segment, int index) => new(
        _segments[index],
        segment.Name,
        NodeRanges.Write([.. segment.Nodes.OrderBy(n => n)]),
        new([.. segment.Reads.Select(r => _fields[r])]),
        new([.. segment.Writes.Select(w => _outputs.TryGetValue(w, out TensorSpec? output) ? output.Field : _fields[w])]),
        _placed?.Segments[index] is { IsOnDevice: true } there ? new DeviceNeedSpec(there.WeightBytes, there.WorkspaceBytes) : null);

    private StatementSpec[] Statements(int lane)
    {
        List<StatementSpec> statements = [];
        HashSet<string> sent = new(StringComparer.Ordinal);
        ILookup<string, int> readers = Readers(lane);
        foreach (Statement statement in _plan.Lanes[lane].Statements)
        {
            switch (statement)
            {
                case Statement.Run run:
                    statements.Add(Run(run.Segment));
                    break;
                case Statement.Send send:
                    // Sent once, whoever reads it.
                    statements.AddRange(send.Values.Where(sent.Add).Select(v => new StatementSpec(
                        LaneCall.Send, new([_fields[v]]), "to " + string.Join(", ", readers[v].Select(to => _lanes[to])) + "; " + ShapeText(v))));
                    break;
                case Statement.Receive receive:
                    statements.AddRange(Receive(receive));
                    break;
            }
        }
        return [.. statements];
    }

    private ILookup<string, int> Readers(int lane) =>
        _plan.Lanes[lane].Statements.OfType<Statement.Send>().SelectMany(s => s.Values.Select(v => (Value: v, s.To))).ToLookup(p => p.Value, p => p.To, StringComparer.Ordinal);

    private StatementSpec Run(int segment) => new(
        IsOnDevice(segment) ? LaneCall.Launch : LaneCall.Run,
        new([_segments[segment]]),
        (IsOnDevice(segment) ? "on " + _device + ": " : "") + FactsBuilder.Nodes([.. _plan.Segments[segment].Nodes.Select(n => _model.Graph.Nodes[n])]) + "; " + DurationText.Predicted(_run.Segments[segment]));

    private bool IsOnDevice(int segment) => _placed?.Segments[segment].IsOnDevice == true;

    private IEnumerable<StatementSpec> Receive(Statement.Receive receive)
    {
        for (int i = 0; i < receive.Values.Length; i += MostReceived)
        {
            string[] values = [.. receive.Values.Skip(i).Take(MostReceived)];
            yield return new(
                LaneCall.Receive,
                new([.. values.Select(v => _fields[v])]),
                Way(receive.From) + "of " + _lanes[receive.From] + "; " + string.Join(", ", values.Select(ShapeText).GroupBy(s => s).Select(g => (g.Count() > 1 ? NumberText.Of(g.Count()) + " x " : "") + g.Key)));
        }
    }

    // At the sizes that were planned for, as are the times.
    private string ShapeText(string value)
    {
        string type = _model.Graph.Facts.Of(value).Element.Word();
        return _model.Sized.Shape(value) is { } shape
            ? type + "[" + string.Join(", ", shape.Select(s => NumberText.Of(s))) + "]"
            : type + " of unknown shape";
    }

    // From the accelerator's lane, and to it, a value is copied.
    private string Way(int other) => other == _placed?.DeviceLane ? "copied; " : "";

    private string Comment(int lane)
    {
        if (lane == _placed?.DeviceLane)
            return "Lane " + NumberText.Of(lane) + ": launches on " + _device + ", and waits for nothing but what it receives.";
        double busy = _plan.Lanes[lane].Statements.OfType<Statement.Run>().Sum(r => _run.Segments[r.Segment]);
        return "Lane " + NumberText.Of(lane) + ": " + DurationText.Predicted(busy) + " of " + DurationText.Predicted(_run.Nanoseconds)
            + " with " + (_run.Threads[lane] == 1 ? "one thread" : NumberText.Of(_run.Threads[lane]) + " threads") + ".";
    }

    private EquatableArray<string> Parts(int lane, int statements)
    {
        if (statements <= MostStatements)
            return default;
        int parts = (statements + MostStatements - 1) / MostStatements;
        return new([.. Enumerable.Range(1, parts).Select(i => _names.Take(_lanes[lane] + NumberText.Of(i)))]);
    }

    private string Take(string name, string prefix)
    {
        string wanted = Identifiers.Pascal(SafeText.OneLine(name, LongestName), prefix);
        return _names.Take(wanted.Length > 0 ? wanted : prefix);
    }
}
