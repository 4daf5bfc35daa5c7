namespace Cleave.Core.Parts;

/// <summary>What a call of some size is predicted to take.</summary>
/// <param name="Elements">Elements of all inputs of one sample.</param>
/// <param name="Samples">Its samples; 1 where samples are nothing that a model keeps apart.</param>
/// <param name="Microseconds">By thread count.</param>
internal sealed record PredictedCall(long Elements, int Samples, double[] Microseconds);
