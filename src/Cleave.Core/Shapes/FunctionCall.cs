using System;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>One call of a model's own function, whose body is inferred with the call's inputs and attributes.</summary>
internal sealed class FunctionCall(ModelFunction function, NodeContext caller, FunctionCall? outer)
{
    public ModelFunction Function { get; } = function;

    /// <summary>Functions around this one, itself counted.</summary>
    public int Depth { get; } = outer is null ? 1 : outer.Depth + 1;

    /// <summary>Whether a value is an input of the function that the call leaves out.</summary>
    public bool LeavesOut(string name) => Array.IndexOf(Function.Inputs, name) is >= 0 and var input && !caller.HasInput(input);

    public NodeAttribute? Attribute(string name) =>
        caller.Attribute(name) ?? Array.Find(Function.DefaultedAttributes, a => a.Name == name);
}
