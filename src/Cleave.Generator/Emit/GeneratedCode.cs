using System.Reflection;
using Microsoft.CodeAnalysis.Text;

namespace Cleave.Generator.Emit;

/// <summary>One generated file; <paramref name="Ending"/> follows the runner's name.</summary>
internal sealed record GeneratedFile(string Ending, SourceText Text);

/// <summary>What all generated code says of itself.</summary>
internal static class GeneratedCode
{
    /// <summary>The contract with the library that it is compiled against.</summary>
    public const int Contract = 1;

    public static string Version { get; } =
        typeof(GeneratedCode).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>().InformationalVersion;

    /// <summary>Marks generated types.</summary>
    public static string Attribute { get; } =
        "[global::System.CodeDom.Compiler.GeneratedCode(\"Cleave\", " + SafeText.Literal(Version) + ")]";
}
