using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Generator.Emit;
using Microsoft.CodeAnalysis;

namespace Cleave.Generator.Pipeline;

/// <summary>A diagnostic in the form that a pipeline may hold: the rule's id, the file it stands at, the arguments of its message.</summary>
internal sealed record ReportedProblem(string Id, string File, EquatableArray<string> Arguments)
{
    private const string Category = "Cleave";
    private const int LongestArgument = 300;

    // Made from the registry in Cleave.Core, so that a message has one place.
    private static readonly Dictionary<string, DiagnosticDescriptor> Descriptors = Rules.All.ToDictionary(r => r.Id, Describe);

    /// <summary>A problem of the model <paramref name="source"/>; the diagnostic stands at <paramref name="file"/>. Texts are cut once more here: a problem keeps what a log can hold.</summary>
    public static ReportedProblem Of(Problem problem, string source, string file) =>
        new(problem.Rule.Id, file, new([.. problem.Arguments.Prepend(source).Select(a => SafeText.OneLine(a, LongestArgument))]));

    public Diagnostic ToDiagnostic() =>
        Diagnostic.Create(Descriptors[Id], Location.Create(File, default, default), [.. Arguments]);

    /// <summary>A rule as the compiler knows it.</summary>
    public static DiagnosticDescriptor Descriptor(Rule rule) => Descriptors[rule.Id];

    private static DiagnosticDescriptor Describe(Rule rule) => new(
        rule.Id,
        rule.Title,
        rule.Message,
        Category,
        SeverityOf(rule),
        isEnabledByDefault: true,
        helpLinkUri: rule.HelpLink);

    private static DiagnosticSeverity SeverityOf(Rule rule) => rule.Severity switch
    {
        Severity.Error => DiagnosticSeverity.Error,
        Severity.Warning => DiagnosticSeverity.Warning,
        _ => DiagnosticSeverity.Info,
    };
}
