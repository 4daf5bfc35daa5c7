namespace Cleave.Core.Parts;

/// <summary>What a call of some size is predicted to take.</summary>
/// <param name="Elements">Elements of all inputs of one sample.</param>
/// <param name="Samples">Its samples; 1 where samples are nothing that a model keeps apart.</param>
/// <param name="Microseconds">By thread count.</param>
internal sealed record PredictedCall(long Elements, int Samples, double[] Microseconds);

/// <summary>Calls of samples of one size.</summary>
/// <param name="Scale">The size, by the planned one.</param>
/// <param name="Calls">By rising samples, from one on.</param>
/// <param name="IsComplete">Whether all numbers of samples are there; not where a few gain nothing on one thread.</param>
internal sealed record PredictedRow(double Scale, PredictedCall[] Calls, bool IsComplete)
{
    /// <summary>Elements of all inputs of one sample.</summary>
    public long Elements => Calls[0].Elements;
}
