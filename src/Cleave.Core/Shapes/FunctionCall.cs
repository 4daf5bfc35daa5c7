using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>One call of a model's own function, whose body is inferred with the call's inputs and attributes.</summary>
/// <param name="function">The function.</param>
/// <param name="inputs">The place of each of its inputs, by name.</param>
/// <param name="caller">The node that calls it.</param>
/// <param name="outer">The call that this node belongs to; null: none.</param>
internal sealed class FunctionCall(ModelFunction function, IReadOnlyDictionary<string, int> inputs, NodeContext caller, FunctionCall? outer)
{
    public ModelFunction Function { get; } = function;

    /// <summary>Functions around this one, itself counted.</summary>
    public int Depth { get; } = outer is null ? 1 : outer.Depth + 1;

    /// <summary>Whether a value is an input of the function that the call leaves out.</summary>
    public bool LeavesOut(string name) => inputs.TryGetValue(name, out int input) && !caller.HasInput(input);

    public NodeAttribute? Attribute(string name) =>
        caller.Attribute(name) ?? Array.Find(Function.DefaultedAttributes, a => a.Name == name);
}
