using System.Reflection;
using Microsoft.CodeAnalysis.Text;

namespace Cleave.Generator.Emit;

/// <summary>One generated file; <paramref name="Ending"/> follows the runner's name.</summary>
internal sealed record GeneratedFile(string Ending, SourceText Text);

/// <summary>The attribute that marks generated types.</summary>
internal static class GeneratedCode
{
    public static string Version { get; } =
        typeof(GeneratedCode).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>().InformationalVersion;

    public static string Attribute { get; } =
        "[global::System.CodeDom.Compiler.GeneratedCode(\"Cleave\", " + SafeText.Literal(Version) + ")]";
}
