using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Text;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Cleave.TestKit.Generation;

/// <summary>A file as the build hands it to the compiler. A null text stands for a binary file.</summary>
internal sealed class BuildFile(string path, string? text, bool isListing = true) : AdditionalText
{
    public override string Path { get; } = path;

    public bool IsListing { get; } = isListing;

    /// <summary>How often its text was asked for.</summary>
    public int Reads { get; private set; }

    public override SourceText? GetText(CancellationToken cancellationToken = default)
    {
        Reads++;
        return text is null ? null : SourceText.From(text, Encoding.UTF8);
    }
}

/// <summary>The options that the build hands to generators: properties of the project, and the mark on listings.</summary>
internal sealed class BuildOptions(params (string Name, string Value)[] properties) : AnalyzerConfigOptionsProvider
{
    public override AnalyzerConfigOptions GlobalOptions { get; } =
        new Options(properties.ToDictionary(p => "build_property." + p.Name, p => p.Value));

    public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => Options.None;

    public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) =>
        textFile is BuildFile { IsListing: true } ? Options.Listing : Options.None;

    private sealed class Options(Dictionary<string, string> values) : AnalyzerConfigOptions
    {
        public static readonly Options None = new([]);

        public static readonly Options Listing = new(new() { ["build_metadata.AdditionalFiles.CleaveListing"] = "true" });

        public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value) => values.TryGetValue(key, out value);
    }
}
