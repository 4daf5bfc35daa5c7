using System;

namespace Cleave.Core.Shapes;

/// <summary>How much is known of an operator; what docs/operators.md says of it.</summary>
internal enum Coverage
{
    /// <summary>Types and shapes follow exactly wherever those of the inputs, and the constants they depend on, are known.</summary>
    Exact,

    /// <summary>Types always, shapes or parts of them only in some cases (they may depend on data).</summary>
    Partial,
}

/// <summary>What inference knows of one operator.</summary>
/// <param name="Domain">The operator set's domain.</param>
/// <param name="OpType">The operator.</param>
/// <param name="Coverage">How much of it is known.</param>
/// <param name="Infer">Sets what is known of the outputs; what it does not set stays unknown.</param>
internal sealed record OperatorRule(string Domain, string OpType, Coverage Coverage, Action<NodeContext> Infer);
