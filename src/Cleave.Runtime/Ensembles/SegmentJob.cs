using Cleave.Ensembles.Serving;

namespace Cleave.Ensembles;

/// <summary>One run of a request that is cut. What members give is added to the request's outputs; the request's thread finishes them.</summary>
internal sealed class SegmentJob(SegmentedCall call) : EnsembleJob(call.Samples)
{
    public SegmentedCall Call => call;

    protected override void Finish()
    {
    }
}
