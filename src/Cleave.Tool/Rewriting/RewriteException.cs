using System;

namespace Cleave.Tool.Rewriting;

/// <summary>What was asked for cannot be written; the message says why, and what to do.</summary>
internal sealed class RewriteException(string message, Exception? inner = null) : Exception(message, inner);
