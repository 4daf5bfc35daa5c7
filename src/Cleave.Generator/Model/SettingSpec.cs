namespace Cleave.Generator.Model;

/// <summary>A property that generated code sets for the model's item.</summary>
/// <param name="Owner">The property of <c>RunnerOptions</c> that it belongs to; empty: it is one of them.</param>
/// <param name="Property">Its name.</param>
/// <param name="Value">What it is set to, as C#.</param>
internal sealed record SettingSpec(string Owner, string Property, string Value);
