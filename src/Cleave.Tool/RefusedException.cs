namespace Cleave.Tool;

/// <summary>It cannot be done with the model, or with what was given for it.</summary>
internal sealed class RefusedException(string message) : CommandException(message);
