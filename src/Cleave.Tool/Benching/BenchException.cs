namespace Cleave.Tool.Benching;

/// <summary>What was asked for cannot be measured; the message says why, and what to do.</summary>
internal sealed class BenchException(string message) : CommandException(message);
