using System;
using System.Linq;
using Cleave.Calls;
using Cleave.Core.Graph;
using Cleave.Devices;
using Cleave.Elements;
using Cleave.Engines;
using Cleave.Ensembles.Serving;
using Cleave.Generated;

namespace Cleave.Ensembles;

/// <summary>A member as one program for a device: its whole model, and which of its inputs and outputs the program has where. Immutable.</summary>
internal sealed class MemberProgram
{
    private readonly EnsembleMember _member;
    private readonly MemberModel _model;
    private readonly Segment _whole;
    private readonly ShapeTable _shapes;
    // By what the program reads and writes: the place among the model's inputs and outputs.
    private readonly int[] _reads;
    private readonly int[] _writes;

    /// <exception cref="DeviceUnavailableException">The model has no plan of one segment.</exception>
    public MemberProgram(EnsembleMember member, MemberModel model)
    {
        _member = member;
        _model = model;
        _whole = member.Model.Budgets.Select(static b => b.Plan).FirstOrDefault(static p => p.Segments.Length == 1)?.Segments[0]
            ?? throw new DeviceUnavailableException("of " + member.Name, "the model was split for the cores of the processor", "take Plan=\"Split\" off its item");
        _shapes = new ShapeTable(member.Model, member.Model.Outputs);
        _reads = Array.ConvertAll(_whole.Reads, r => Array.FindIndex(member.Model.Inputs, v => v.Name == r.Name));
        _writes = Array.ConvertAll(_whole.Writes, w => Array.FindIndex(member.Model.Outputs, v => v.Name == w.Name));
    }

    public string Name => _member.Name;

    /// <summary>Bytes of inputs and outputs for each sample, by the sizes that the model was planned for; outputs of unknown shapes are not in it.</summary>
    public long SampleBytes
    {
        get
        {
            int[] dims = SampleDims();
            if (_shapes.InputsOfUnknownRank > 0)
                return 0;
            long bytes = 0;
            for (int i = 0; i < _member.Model.Inputs.Length; i++)
                bytes += (long)_shapes.InputLength(i, dims) * Size(_member.Model.Inputs[i]);
            for (int o = 0; o < _member.Model.Outputs.Length; o++)
            {
                if (_shapes.ResultShape(o, dims) is { } shape)
                    bytes += shape.Aggregate(1L, static (all, size) => all * size) * Size(_member.Model.Outputs[o]);
            }
            return bytes;
        }
    }

    /// <summary>What a sample takes on one thread of the processor, in µs, by prediction; null: nothing is predicted.</summary>
    public double? PredictedMicroseconds =>
        _member.Model.Times is null || _shapes.InputsOfUnknownRank > 0 ? null : new ExpectedTimes(_member.Model, _shapes).Alone(SampleDims());

    /// <summary>An instance on a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="place">The member's place.</param>
    /// <param name="batch">The most samples at once.</param>
    /// <param name="weights">An engine with the weights that it is to have, which the caller keeps open; null: those that requests are answered by now.</param>
    /// <exception cref="DeviceException">There is no room for it, or the device was lost.</exception>
    /// <exception cref="CleaveException">ONNX Runtime refused it.</exception>
    public DeviceInstance OpenOn(IDevice device, int place, int batch, RunnerEngine? weights)
    {
        RunnerEngine engine = weights ?? _model.Current.Enter();
        try
        {
            DeviceProgram program = new(
                _member.Name, _whole.Name, Array.ConvertAll(_whole.Reads, static v => v.Name), Array.ConvertAll(_whole.Writes, static v => v.Name),
                options => engine.Sessions.Factory.OpenOn(_whole, options))
            {
                WeightBytes = engine.Sessions.Factory.WeightBytes,
                // Nobody has looked whether the device has every operator.
                AllowsCpu = true,
            };
            return new DeviceInstance(device, program, new SegmentRows(this, place), batch);
        }
        finally
        {
            if (weights is null)
                engine.Gate.Exit();
        }
    }

    /// <summary>Bytes of its weights.</summary>
    public long WeightBytes
    {
        get
        {
            RunnerEngine engine = _model.Current.Enter();
            try
            {
                return engine.Sessions.Factory.WeightBytes;
            }
            finally
            {
                engine.Gate.Exit();
            }
        }
    }

    /// <summary>What so many samples of a request read and give.</summary>
    public BatchShape Shape(InputSlot[] inputs, int count)
    {
        int[][] shapes = new int[_member.Inputs.Length][];
        for (int i = 0; i < shapes.Length; i++)
            shapes[i] = [count, .. inputs[_member.Inputs[i]].Shape[1..]];
        int[] dims = _model.Dims(shapes);
        return new BatchShape(
            [.. _whole.Reads.Select((r, i) => new BatchValue(r.Name, r.Element.Type, Array.ConvertAll(shapes[_reads[i]], static d => (long)d)))],
            [.. _whole.Writes.Select((w, o) => new BatchValue(w.Name, w.Element.Type, _shapes.ResultShape(_writes[o], dims) is { } shape ? Array.ConvertAll(shape, static d => (long)d) : null))]);
    }

    /// <summary>What the program reads in that place, of a request.</summary>
    public InputSlot Input(InputSlot[] inputs, int read) => inputs[_member.Inputs[_reads[read]]];

    /// <summary>The model's outputs, to be filled by <see cref="Take"/>.</summary>
    public OutputSlot[] NewOutputs() => Array.ConvertAll(_member.Model.Outputs, static v => v.Element.NewOutput(v.Name));

    /// <summary>Copies what the program gave in that place.</summary>
    public void Take(OutputSlot[] outputs, int write, HostTensor made)
    {
        int[] shape = new int[made.Shape.Count];
        for (int i = 0; i < shape.Length; i++)
            shape[i] = checked((int)made.Shape[i]);
        outputs[_writes[write]].Take(made.Value, shape);
    }

    private int[] SampleDims()
    {
        int[] dims = new int[_shapes.Symbols];
        for (int i = 0; i < dims.Length; i++)
            dims[i] = _shapes.Names[i] == _member.Model.Batch!.Dimension ? 1 : _member.Model.PlannedSizes.ElementAtOrDefault(i) is > 0 and var size ? size : 1;
        return dims;
    }

    private static int Size(Value value) => value.Element.Type.Bits() / 8;
}
