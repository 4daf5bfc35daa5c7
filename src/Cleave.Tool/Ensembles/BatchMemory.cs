namespace Cleave.Tool.Ensembles;

/// <summary>What is held after batches of several sizes, in bytes: a sample's part of it is their slope.</summary>
internal sealed class BatchMemory
{
    private (int Batch, long Bytes)? _large;

    /// <summary>After the smallest batch; null: none was noted.</summary>
    public (int Batch, long Bytes)? Small { get; private set; }

    /// <summary>Of a sample; null where no two batches were noted.</summary>
    public long? Sample => Small is { } small && _large is { } large && large.Batch > small.Batch ? (large.Bytes - small.Bytes) / (large.Batch - small.Batch) : null;

    public void Note(int batch, long bytes)
    {
        if (Small is not { } small || batch < small.Batch)
            Small = (batch, bytes);
        if (_large is not { } large || batch >= large.Batch)
            _large = (batch, bytes);
    }
}
