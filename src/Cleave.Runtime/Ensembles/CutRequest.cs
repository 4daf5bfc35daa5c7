using Cleave.Engines;
using Cleave.Ensembles.Serving;

namespace Cleave.Ensembles;

/// <summary>One run of a request that is cut. What members give is added to the request's outputs; the request's thread finishes them.</summary>
internal sealed class CutRequest(SegmentedCall call, CpuMember[] members) : EnsembleRequest(call.Samples)
{
    // By member, the engines of its models on the processor: entered, so that a reload meanwhile leaves them there.
    private readonly RunnerEngine[]?[] _engines = new RunnerEngine[members.Length][];

    public SegmentedCall Call => call;

    /// <summary>What a member's model on the processor runs in for this request.</summary>
    public RunnerEngine Engine(int member, int model) => _engines[member]![model];

    protected override MemberGeneration Enter(int place, MemberState member)
    {
        // Nothing is reloaded in between: wherever the member runs, it has the same weights.
        lock (members[place].Weights)
        {
            _engines[place] = members[place].EnterAll();
            return base.Enter(place, member);
        }
    }

    protected override void Leave()
    {
        base.Leave();
        foreach (RunnerEngine[]? engines in _engines)
        {
            foreach (RunnerEngine engine in engines ?? [])
                engine.Gate.Exit();
        }
    }
}
