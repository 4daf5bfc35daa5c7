using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Listing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Cleave.TestKit.Generation;

/// <summary>Compiles generated code in memory, as the oldest supported project would: C# 12, nullable, warnings as errors, documented.</summary>
internal static class Compiling
{
    /// <summary>C# 12, doc comments checked.</summary>
    public static readonly CSharpParseOptions CSharp12 = new(LanguageVersion.CSharp12, DocumentationMode.Diagnose);

    // Compilations made from this one share what the compiler found out about the references: everything that the
    // test host can load, so .NET, Cleave.Runtime and ONNX Runtime's binding.
    private static readonly CSharpCompilation Empty = CSharpCompilation.Create(
        "Project",
        [],
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !Path.GetFileName(path).StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path)),
        new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            nullableContextOptions: NullableContextOptions.Enable,
            generalDiagnosticOption: ReportDiagnostic.Error,
            optimizationLevel: OptimizationLevel.Release));

    /// <summary>A project with these sources.</summary>
    public static CSharpCompilation Project(params string[] sources) => Empty.AddSyntaxTrees(
        sources.Select((source, i) => CSharpSyntaxTree.ParseText(source, CSharp12, path: "Source" + i + ".cs")));

    /// <summary>The text of a listing.</summary>
    public static string Text(ModelListing listing)
    {
        using MemoryStream stream = new();
        ListingWriter.Write(listing, stream);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Throws with the messages where there are errors.</summary>
    public static void Expect(IEnumerable<Diagnostic> diagnostics, string what)
    {
        string[] errors = [.. diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning).Select(d => d.ToString()).Take(20)];
        if (errors.Length > 0)
            throw new InvalidOperationException(what + ":\n" + string.Join("\n", errors));
    }
}
