using System;
using System.Linq;
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
    private long _memberBytes;

    public EnsembleCall(EnsembleEngine engine, int[] dims, InputSlot[] inputs)
        : base(engine.Name, dims, inputs)
    {
        _engine = engine;
        // First: what the members give below may be replaced from here on.
        Reloads = engine.Reloads;
        bool isCut = engine.Serving is { } serving && serving.Cuts(Inputs);
        _members = isCut ? [] : Array.ConvertAll(engine.Members, m => m.NewBuffers(Inputs));
        _stages = Array.ConvertAll(engine.Definition.Outputs, o => new CombinedStage(engine, o, isCut ? null : _members));
        if (isCut)
            _segments = new SegmentedCall(engine.Serving!, Inputs, _stages);
        else
            _whole = new MembersRun(engine, dims, _members, _stages);
        Outputs = Array.ConvertAll(_stages, s => s.Result);
    }

    /// <summary>How many reloads of members were over when it was made. What it is bound to may be of weights that are gone after another one.</summary>
    public int Reloads { get; }

    internal override long ByteLength
    {
        get
        {
            if (_whole is { ChangedMemory: true })
                _memberBytes = _members.Sum(static m => m.ByteLength);
            long bytes = base.ByteLength + _memberBytes + (_segments?.ByteLength ?? 0);
            foreach (CombinedStage stage in _stages)
                bytes += stage.ByteLength;
            return bytes;
        }
    }

    /// <summary>Runs all members and combines what they give. The first failure, in time, is thrown.</summary>
    /// <param name="combine">The application's rule for an output of that place.</param>
    /// <param name="token">Ends it.</param>
    public void Run(Action<int, MemberOutputs> combine, CancellationToken token)
    {
        HasResult = false;
        foreach (CombinedStage stage in _stages)
            stage.Begin();
        _segments?.Run(token);
        _whole?.Run(token);
        for (int o = 0; o < _stages.Length; o++)
            _stages[o].Finish(o, combine);
        HasResult = true;
    }

    private protected override void GiveBack()
    {
        HasResult = false;
        ForgetTexts();
        _engine.Pool.Return(this);
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
