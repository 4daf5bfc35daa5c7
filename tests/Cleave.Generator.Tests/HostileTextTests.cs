using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Placement;
using Cleave.TestKit.Generation;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>Text of a model is whatever somebody wrote there. The code must compile, and hold only what we wrote.</summary>
public class HostileTextTests
{
    private static readonly string[] Corpus =
    [
        "", " ", "*/ class Evil { } /*", "\"\"\"", "\"; class Evil { } //", "\\\"; class Evil { } //", "\n}} class Evil { }\n", "\r\n#error evil\r\n",
        "\u2028class Evil { }\u2029", "\u0085class Evil { }", "{{", "}}", "{0}", "{", "class", "int", "@class", "a\0b", "\u0001\u001f\u007f",
        "\u202Eevil\u202C", "\u2066\u2069", "\uFEFF", "\u200B", "\uD800", "\uDC00x", "\uFFFE\uFFFF", "😀 name", "\U000E0041", "</summary><evil>",
        "<c>&amp;&#0;", "]]>", "--><!--", "%s%n", "日本語", "عربى", "\u3164", "é", "e\u0301", "/// <evil/>", "// evil", "#pragma", "\t\v\f", "$\"{evil}\"",
        new('x', 10_000), new('\n', 10_000), new('\u202E', 10_000), string.Concat(Enumerable.Repeat("a\n</c>", 2_000)),
    ];

    [Fact]
    public void Each_text_alone_everywhere_in_a_model()
    {
        BuildFile[] files = [.. Corpus.Select((text, i) => Models.File(Everywhere(text, "m" + i + ".onnx"), "m" + i))];
        Generated generated = GeneratorHost.Run(files).Compiles();
        for (int i = 0; i < Corpus.Length; i++)
        {
            string runner = "MyApp.M" + i + "Runner";
            HoldsOnlyOurs(generated, "MyApp.M" + i, inputs: 3, outputs: 2);
            string[] literals = Literals(generated, runner + ".Plan.g.cs");
            Assert.Contains(Corpus[i] + "1", literals);
            Assert.Contains(Corpus[i] + "3", literals);
        }
        HasNothingInvisible(generated);
        Assert.Equal(Corpus.Length * 5, AllTypes(generated).Count);
    }

    [Fact]
    public void All_texts_together_in_one_model()
    {
        ValueInfo[] inputs = [.. Corpus.Select(text => Models.Float(text, text, 2, text + "'"))];
        ValueInfo[] outputs = [.. Corpus.Select(text => Models.Float(text, text))];
        Generated generated = GeneratorHost.Run(Models.File(Models.Listing(inputs, outputs))).Compiles();
        HoldsOnlyOurs(generated, "MyApp.Bert", Corpus.Length, Corpus.Length);
        HasNothingInvisible(generated);
        Assert.Equal(5, AllTypes(generated).Count);
        Assert.Empty(Corpus.Except(Literals(generated, "MyApp.BertRunner.Plan.g.cs")));
    }

    [Fact]
    public void A_file_name_and_output_path_can_hold_anything()
    {
        BuildFile[] files =
        [
            .. Corpus.Select((text, i) =>
            {
                ModelListing listing = Models.Listing([Models.Float("x", 1)], [Models.Float("y", 1)], "a/" + text + ".onnx");
                return Models.File(listing with { Options = listing.Options with { ClassName = "M" + i } }, "m" + i);
            }),
        ];
        Generated generated = GeneratorHost.Run(files).Compiles();
        HasNothingInvisible(generated);
        Assert.Equal(Corpus.Length * 5, AllTypes(generated).Count);
        for (int i = 0; i < Corpus.Length; i++)
            Assert.Contains("models/MyApp/a/" + Corpus[i] + ".onnx", Literals(generated, "MyApp.M" + i + "Runner.Plan.g.cs"));
    }

    [Fact]
    public void Names_of_what_is_split()
    {
        BuildFile[] files = [.. Corpus.Select((text, i) => Models.File(TwoBranches(text, "m" + i + ".onnx"), "m" + i))];
        Generated generated = GeneratorHost.Run(files).Compiles();
        for (int i = 0; i < Corpus.Length; i++)
        {
            INamedTypeSymbol runner = generated.Type("MyApp.M" + i + "Runner");
            Assert.Equal(["TwoLanes", "WholePlan"], runner.GetTypeMembers().Select(t => t.Name).Order(StringComparer.Ordinal));
            INamedTypeSymbol plan = runner.GetTypeMembers("TwoLanes").Single();
            Assert.Equal(2, Methods(plan).Length);
            // Three segments, the plan, and what the last one takes from each lane.
            Assert.Equal(["Plan", "Segment", "Segment", "Segment", "Value", "Value"], plan.GetMembers().OfType<IFieldSymbol>().Select(f => f.Type.Name).Order(StringComparer.Ordinal));
            Assert.Contains(Corpus[i] + "b", Literals(generated, "MyApp.M" + i + "Runner.Plan.g.cs"));
        }
        HasNothingInvisible(generated);
        Assert.Equal(Corpus.Length * 6, AllTypes(generated).Count);
    }

    [Fact]
    public void The_name_of_the_accelerator()
    {
        // A line feed would end the profile's line.
        string[] texts = [.. Corpus.Where(t => t.Length > 0 && !t.Contains('\n', StringComparison.Ordinal) && (t.Length > 1_000 || t.Contains("Evil", StringComparison.Ordinal)))];
        BuildFile[] files = [.. texts.Select((text, i) => Models.File(Placed("named " + text, "m" + i + ".onnx"), "m" + i))];
        Generated generated = GeneratorHost.Run(files).Compiles();
        HasNothingInvisible(generated);
        Assert.DoesNotContain(AllTypes(generated), t => t.Contains("Evil", StringComparison.Ordinal));
        Assert.All(texts, (_, i) => Assert.Contains("; for named ", generated.Source("MyApp.M" + i + "Runner.Plan.g.cs"), StringComparison.Ordinal));
    }

    [Fact]
    public void A_message_stays_on_one_line_and_short()
    {
        foreach (string text in Corpus)
        {
            ValueInfo bad = new(text, new OnnxType.Opaque(text, text));
            string message = Assert.Single(GeneratorHost.Run(Models.File(Models.Listing([bad], [Models.Float("y", 1)]))).Messages);
            Assert.StartsWith("CLV2001", message, StringComparison.Ordinal);
            Assert.DoesNotContain(message, OneLine.IsInvisible);
            Assert.True(message.Length < 1200, message);
        }
    }

    private static ModelListing Everywhere(string text, string source)
    {
        OnnxModel model = new()
        {
            Opsets = [new OpsetImport(text, 1), new OpsetImport("", 17)],
            ProducerName = text,
            ProducerVersion = text,
            Domain = text,
            DocString = text,
            Metadata = [new KeyValuePair<string, string>(text, text)],
            Graph = new OnnxGraph
            {
                Inputs =
                [
                    Described(text + "1", new OnnxType.Tensor(ElementType.Float, [Dimension.Named(text + "3"), Dimension.Named(text)]), text),
                    Described(text, new OnnxType.Tensor(ElementType.String, []), text),
                    Described(text + "?", new OnnxType.Tensor(ElementType.Int64, null), text),
                ],
                Outputs =
                [
                    Described(text + "2", new OnnxType.Tensor(ElementType.Float, [Dimension.Named(text)]), text),
                    Described(text, new OnnxType.Tensor(ElementType.Float, null), text),
                ],
                Nodes = [new Node(text, text, text, [text + "1"], [text + "2"], [])],
            },
        };
        return Models.Listing(model, source);
    }

    private static ModelListing TwoBranches(string text, string source)
    {
        Node Layer(string branch, string input) => new(text + branch, "MatMul", "", [input, text + branch + "/w"], [text + branch], []);
        OnnxModel model = new()
        {
            Opsets = [new OpsetImport("", 17), new OpsetImport("custom", 1)],
            Graph = new OnnxGraph
            {
                Inputs = [new ValueInfo("x", new OnnxType.Tensor(ElementType.Float, [Dimension.Named(text), Dimension.Fixed(256)]))],
                Outputs = [new ValueInfo("y", new OnnxType.Tensor(ElementType.Float, null))],
                Initializers = [.. new[] { "a", "b" }.Select(b => new TensorInfo(text + b + "/w", ElementType.Float, [256, 256]) { ByteSize = 256 * 256 * 4 })],
                Nodes = [Layer("a", "x"), Layer("b", "x"), new Node(text, text, "custom", [text + "a", text + "b"], ["y"], [])],
            },
        };
        ModelListing listing = Models.Listing(model, source);
        return listing with { Options = listing.Options with { Plan = "Split" } };
    }

    private static ModelListing Placed(string accelerator, string source)
    {
        ModelListing listing = Models.Listing(ModelReader.Read(ByteSource.FromBytes(new Recurrent("LSTM", 1, 256, 8).Stacked().ToByteArray()), default), source);
        IEnumerable<string> profile = AcceleratorProfileText.Lines(AcceleratorProfiles.Default)
            .Select(line => line.StartsWith("name ", StringComparison.Ordinal) ? "name " + accelerator : line);
        return listing with { Options = listing.Options with { Settings = [new("Accelerator", "Cuda"), new("Objective", "GpuMemory")], Accelerator = [.. profile] } };
    }

    private static ValueInfo Described(string name, OnnxType type, string doc) => new(name, type) { DocString = doc };

    // The members of each class, by kind and number: whatever the names are, there is no other.
    private static void HoldsOnlyOurs(Generated generated, string stem, int inputs, int outputs)
    {
        INamedTypeSymbol runner = generated.Type(stem + "Runner");
        Assert.Equal("WholePlan", Assert.Single(runner.GetTypeMembers()).Name);
        Assert.Equal(["Bind", "Collect", "CreateCall"], Methods(runner));
        Assert.Equal(inputs + outputs + 2, runner.GetMembers().OfType<IFieldSymbol>().Count());
        Assert.Empty(runner.GetMembers().OfType<IPropertySymbol>());
        Assert.Equal("ModelRunner", runner.BaseType!.Name);

        INamedTypeSymbol plan = runner.GetTypeMembers()[0];
        Assert.Equal(["Trunk"], Methods(plan));
        Assert.Equal(["Whole", "Plan"], plan.GetMembers().OfType<IFieldSymbol>().Select(f => f.Name));

        INamedTypeSymbol input = generated.Type(stem + "Input");
        Assert.Empty(Methods(input));
        Assert.Equal(inputs, input.GetMembers().OfType<IPropertySymbol>().Count(p => p.IsRequired && p.Type.TypeKind != TypeKind.Array));

        INamedTypeSymbol output = generated.Type(stem + "Output");
        Assert.Equal(["Dispose"], Methods(output));
        Assert.Equal(outputs, output.GetMembers().OfType<IPropertySymbol>().Count());

        INamedTypeSymbol call = generated.Type(stem + "Call");
        Assert.Empty(Methods(call));
        Assert.Equal(inputs + outputs, call.GetMembers().OfType<IPropertySymbol>().Count());
    }

    private static string[] Methods(INamedTypeSymbol type) =>
        [.. type.GetMembers().OfType<IMethodSymbol>().Where(m => m.MethodKind == MethodKind.Ordinary).Select(m => m.Name).Order(StringComparer.Ordinal)];

    private static List<string> AllTypes(Generated generated) =>
    [
        .. generated.Result.GeneratedSources
            .SelectMany(s => s.SyntaxTree.GetRoot().DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
                .Select(t => generated.Compilation.GetSemanticModel(s.SyntaxTree).GetDeclaredSymbol(t)!.ToDisplayString()))
            .Distinct(),
    ];

    private static string[] Literals(Generated generated, string hint) =>
    [
        .. generated.Result.GeneratedSources.Single(s => s.HintName == hint).SyntaxTree.GetRoot().DescendantTokens()
            .Where(t => t.IsKind(SyntaxKind.StringLiteralToken)).Select(t => t.ValueText),
    ];

    private static void HasNothingInvisible(Generated generated)
    {
        foreach (GeneratedSourceResult source in generated.Result.GeneratedSources)
        {
            string text = source.SourceText.ToString();
            for (int i = 0; i < text.Length; i++)
            {
                bool pair = char.IsHighSurrogate(text[i]) && char.IsLowSurrogate(text[i + 1]);
                if (text[i] != '\n' && (OneLine.IsInvisible(text[i]) || (char.IsSurrogate(text[i]) && !pair)))
                    Assert.Fail(source.HintName + " holds U+" + ((int)text[i]).ToString("X4"));
                if (pair)
                    Assert.True(char.ConvertToUtf32(text[i], text[++i]) < 0xE0000);
            }
            // No directive but ours, no comment that is long or spans lines.
            Assert.DoesNotContain(source.SyntaxTree.GetRoot().DescendantTrivia(), t => t.IsKind(SyntaxKind.SingleLineCommentTrivia) && t.Span.Length > 210);
            Assert.Equal(
                ["#nullable enable", "#pragma warning disable"],
                source.SyntaxTree.GetRoot().DescendantTrivia().Where(t => t.IsDirective).Select(t => t.ToString().Trim()));
            Assert.DoesNotContain(source.SyntaxTree.GetRoot().DescendantTrivia(), t => t.IsKind(SyntaxKind.MultiLineCommentTrivia) || t.IsKind(SyntaxKind.MultiLineDocumentationCommentTrivia));
        }
    }
}
