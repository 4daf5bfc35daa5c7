using System;

namespace Cleave.Tool;

/// <summary>What was asked for cannot be done; the message says why, and what to do.</summary>
internal abstract class CommandException(string message, Exception? inner = null) : Exception(message, inner);
