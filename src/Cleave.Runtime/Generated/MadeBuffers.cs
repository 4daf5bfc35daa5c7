namespace Cleave.Generated;

/// <summary>The end of an output that was made from arrays: it has no buffers, but is over when it is disposed.</summary>
internal sealed class MadeBuffers : RequestBuffers
{
    public MadeBuffers(string name)
        : base(name, [], []) => HasResult = true;

    internal override void Free()
    {
    }

    private protected override void GiveBack()
    {
    }
}
