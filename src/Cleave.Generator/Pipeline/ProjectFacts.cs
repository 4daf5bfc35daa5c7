using Cleave.Core.Releases;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Cleave.Generator.Pipeline;

/// <summary>What the generator needs of the project.</summary>
/// <param name="RootNamespace">Its root namespace.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="OnnxRuntime">The version of the ONNX Runtime package that it resolved; "" where none is known.</param>
/// <param name="OldLanguage">The version of C# that it is compiled as, where that is too old for generated code; otherwise "".</param>
internal sealed record ProjectFacts(string RootNamespace, string Folder, string OnnxRuntime, string OldLanguage)
{
    // Of generated code: docs/generated-code.md.
    private const LanguageVersion Oldest = LanguageVersion.CSharp12;

    public static ProjectFacts Read(AnalyzerConfigOptions options, ParseOptions parsing) => new(
        Escaped(options, "CleaveRootNamespace") ?? Property(options, "RootNamespace"), Escaped(options, "CleaveProjectFolder") ?? Property(options, "ProjectDir"), OnnxRuntimeRelease.HighestOf(Property(options, "CleaveOnnxRuntime")),
        parsing is CSharpParseOptions { LanguageVersion: < Oldest and var version } ? version.ToDisplayString() : "");

    /// <summary>The full path of a file of the project.</summary>
    public string PathOf(string source) => Folder.Length == 0 || IsRooted(source) ? source : WithSeparator(Folder) + source;

    /// <summary>A path as the project would write it, for messages.</summary>
    public string Shorten(string path)
    {
        string folder = WithSeparator(Folder).Replace('\\', '/'), slashed = path.Replace('\\', '/');
        return folder.Length > 0 && slashed.StartsWith(folder, System.StringComparison.OrdinalIgnoreCase) ? slashed.Substring(folder.Length) : slashed;
    }

    private static string WithSeparator(string folder) =>
        folder.Length == 0 || folder[folder.Length - 1] is '/' or '\\' ? folder : folder + "/";

    private static bool IsRooted(string path) =>
        path.Length > 0 && (path[0] is '/' or '\\' || (path.Length > 1 && path[1] == ':'));

    // As nuget/Cleave.targets writes it: the compiler cuts values at # and ;. None where the targets were not imported.
    private static string? Escaped(AnalyzerConfigOptions options, string name) =>
        Property(options, name) is { Length: > 0 } value ? value.Replace("|s", ";").Replace("|h", "#").Replace("|p", "|") : null;

    private static string Property(AnalyzerConfigOptions options, string name) =>
        options.TryGetValue("build_property." + name, out string? value) ? value : "";
}
