using System;
using System.Threading;
using Cleave.Elements;
using Cleave.Generated;

namespace Cleave.Ensembles;

/// <summary>One request to an ensemble: its inputs, which the members read where they lie, the members' outputs, and what is made of them.</summary>
internal sealed class EnsembleCall : RequestBuffers
{
    private readonly EnsembleEngine _engine;
    private readonly CallBuffers[] _members;
    private readonly CombinedStage[] _stages;
    // Where it is cut; then the members have no buffers for all of it.
    private readonly SegmentedCall? _segments;
    // Where it is not.
    private readonly MembersRun? _whole;
    private int _generation;
    private bool _hasResult;

    public EnsembleCall(EnsembleEngine engine, int[] dims)
    {
        _engine = engine;
        Dims = dims;
        Value[] inputs = engine.Definition.Inputs;
        int[] lengths = new int[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            lengths[i] = engine.Shapes.InputLength(i, dims);
        Inputs = new InputSlot[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            Inputs[i] = inputs[i].Element.NewInput(inputs[i].Name, engine.Shapes.InputShape(i, dims), lengths[i]);
        bool isCut = engine.Serving is { } serving && serving.Cuts(Inputs);
        _members = isCut ? [] : Array.ConvertAll(engine.Members, m => m.NewBuffers(Inputs));
        _stages = Array.ConvertAll(engine.Definition.Outputs, o => new CombinedStage(engine, o, isCut ? null : _members));
        if (isCut)
            _segments = new SegmentedCall(engine.Serving!, Inputs, _stages);
        else
            _whole = new MembersRun(engine, dims, _members, _stages);
        Outputs = Array.ConvertAll(_stages, s => s.Result);
        foreach (OutputSlot output in Outputs)
            output.Owner = this;
    }

    internal override int[] Dims { get; }

    internal override InputSlot[] Inputs { get; }

    internal override OutputSlot[] Outputs { get; }

    internal override int Generation => Volatile.Read(ref _generation);

    internal override long ByteLength
    {
        get
        {
            long bytes = 0;
            foreach (InputSlot input in Inputs)
                bytes += input.ByteLength;
            foreach (OutputSlot output in Outputs)
                bytes += output.ByteLength;
            foreach (CallBuffers member in _members)
                bytes += member.ByteLength;
            return bytes + (_segments?.ByteLength ?? 0);
        }
    }

    /// <summary>Runs all members and combines what they give. The first failure, in time, is thrown.</summary>
    /// <param name="combine">The application's rule for an output of that place.</param>
    /// <param name="token">Ends it.</param>
    public void Run(Action<int, MemberOutputs> combine, CancellationToken token)
    {
        _hasResult = false;
        foreach (CombinedStage stage in _stages)
            stage.Begin();
        _segments?.Run(token);
        _whole?.Run(token);
        for (int o = 0; o < _stages.Length; o++)
            _stages[o].Finish(o, combine);
        _hasResult = true;
    }

    internal override bool Release(int generation)
    {
        if (Interlocked.CompareExchange(ref _generation, generation + 1, generation) != generation)
            return false;
        _hasResult = false;
        foreach (InputSlot input in Inputs)
            input.Forget();
        foreach (OutputSlot output in Outputs)
            output.Forget();
        _engine.Pool.Return(this);
        return true;
    }

    internal override void CheckReadable(int generation)
    {
        if (Generation != generation)
            throw new ObjectDisposedException(_engine.Name, "The output of '" + _engine.Name + "' was disposed; its memory belongs to another request.");
        if (!_hasResult)
            throw new InvalidOperationException("There is no output of '" + _engine.Name + "': nothing ran yet, or the last run failed.");
    }

    internal override void Free()
    {
        foreach (CallBuffers member in _members)
            member.Leave();
        _segments?.Free();
        foreach (InputSlot input in Inputs)
            input.Dispose();
    }
}
