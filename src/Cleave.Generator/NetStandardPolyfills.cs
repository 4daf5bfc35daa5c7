// A type the C# compiler looks for by name and netstandard2.0 lacks; the others come from Cleave.Core.
namespace System.Diagnostics.CodeAnalysis;

[AttributeUsage(AttributeTargets.Constructor)]
internal sealed class SetsRequiredMembersAttribute : Attribute;
