namespace Cleave.Tool.Quantizing.Operators;

/// <summary>An operator that looks like one that can be computed in 8 bits, and is none.</summary>
/// <param name="Why">Its name, and why it stays in floats; a note of the report.</param>
/// <param name="NeedsOwnOperators">Whether ONNX Runtime has an operator of its own for it (<c>--allow-ort-operators</c>).</param>
internal sealed record LeftInFloats(string Why, bool NeedsOwnOperators);
