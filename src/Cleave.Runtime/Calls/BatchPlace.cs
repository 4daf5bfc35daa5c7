namespace Cleave.Calls;

/// <summary>How a request of certain dimensions may run with others.</summary>
/// <param name="Samples">Its samples.</param>
/// <param name="Largest">The most samples that run together with it, its own among them; 0 where it is to run alone.</param>
internal readonly record struct BatchPlace(int Samples, int Largest);
