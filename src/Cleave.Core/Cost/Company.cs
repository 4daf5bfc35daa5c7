namespace Cleave.Core.Cost;

/// <summary>What a call does in all: what pushes a node's code and weights out of the caches until its next turn.</summary>
/// <param name="Nodes">How many nodes run.</param>
/// <param name="Weights">Bytes of all constant weights that it reads.</param>
internal sealed record Company(double Nodes, double Weights);
