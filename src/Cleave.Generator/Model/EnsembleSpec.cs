using Cleave.Generator.Pipeline;

namespace Cleave.Generator.Model;

/// <summary>All that is written into an ensemble's generated code.</summary>
/// <param name="Surface">Its classes, inputs and outputs, as if it were one model.</param>
/// <param name="Members">In the item's order.</param>
/// <param name="Outputs">How each output of the surface is combined.</param>
/// <param name="Devices">The devices that members may run on; none: the processor.</param>
internal sealed record EnsembleSpec(RunnerSpec Surface, EquatableArray<EnsembleMemberSpec> Members, EquatableArray<CombinedOutputSpec> Outputs, EquatableArray<string> Devices);

/// <summary>A member.</summary>
/// <param name="Source">What generated code calls the model.</param>
/// <param name="Runner">The full name of its generated runner.</param>
/// <param name="Parameter">What its output is called where a rule is the user's own.</param>
/// <param name="Inputs">For each of its inputs the place among the ensemble's.</param>
internal sealed record EnsembleMemberSpec(string Source, string Runner, string Parameter, EquatableArray<int> Inputs);

/// <summary>How an output is combined.</summary>
/// <param name="Rule">The member of <c>CombinationRule</c>.</param>
/// <param name="Places">The place among each member's outputs.</param>
/// <param name="Elements">The element type of each member's output, in C#.</param>
/// <param name="Weights">The members' weights; none: all count the same.</param>
/// <param name="Method">The user's own rule; "" where it is another.</param>
internal sealed record CombinedOutputSpec(
    string Rule, EquatableArray<int> Places, EquatableArray<string> Elements, EquatableArray<double> Weights, string Method);
