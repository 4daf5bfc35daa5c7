namespace Cleave.Generator.Model;

/// <summary>A property that generated code sets for the model's item.</summary>
/// <param name="Owner">The property of <c>RunnerOptions</c> that it belongs to; empty: it is one of them.</param>
/// <param name="Property">Its name.</param>
/// <param name="Type"><see cref="Truth"/>, <see cref="Number"/>, <see cref="Bytes"/>, <see cref="Time"/>, <see cref="Text"/>, or the name of an enumeration of the runtime.</param>
/// <param name="Value"><c>true</c> or <c>false</c>, a number, or a member's name; of a time its ticks; of a text what the item says.</param>
internal sealed record SettingSpec(string Owner, string Property, string Type, string Value)
{
    public const string Truth = "bool";
    public const string Number = "int";
    public const string Bytes = "long";
    public const string Time = "TimeSpan";
    public const string Text = "string";
}
