using System.Globalization;
using System.Linq;
using Cleave.Generator.Model;

namespace Cleave.Generator.Emit;

/// <summary>Writes the class that holds what one run needs.</summary>
internal static class InputEmitter
{
    public static void Write(SourceWriter code, RunnerSpec spec)
    {
        code.Doc($"<summary>What one run of <see cref=\"{spec.Runner}\"/> needs. Lengths and dimensions are checked when it runs.</summary>");
        code.Line(GeneratedCode.Attribute);
        using (code.Open($"{spec.Access} sealed partial class {spec.Input}"))
        {
            bool first = true;
            if (spec.Symbols.Count > 0)
            {
                WriteConstructor(code, spec);
                first = false;
            }
            foreach (SymbolSpec symbol in spec.Symbols)
            {
                code.Line();
                code.Doc("<summary>" + DocText.Dimension(symbol) + "</summary>");
                code.Line($"public int {symbol.Property} {{ get; }}");
            }
            foreach (TensorSpec input in spec.Inputs)
            {
                if (!first)
                    code.Line();
                first = false;
                WriteProperty(code, spec, input);
            }
        }
    }

    private static void WriteConstructor(SourceWriter code, RunnerSpec spec)
    {
        code.Doc("<summary>An input with these dimensions; zero is one, too.</summary>");
        foreach (SymbolSpec symbol in spec.Symbols)
            code.Doc(DocText.Parameter(symbol));
        using (code.Open($"public {spec.Input}({string.Join(", ", spec.Symbols.Select(s => "int " + s.Parameter))})"))
        {
            foreach (SymbolSpec symbol in spec.Symbols)
                code.Line($"this.{symbol.Property} = {symbol.Parameter};");
        }
    }

    private static void WriteProperty(SourceWriter code, RunnerSpec spec, TensorSpec input)
    {
        code.Doc(DocText.Summary(input));
        if (DocText.Remarks(input.Description) is { Length: > 0 } remarks)
            code.Doc(remarks);
        if (input.Shape.Count > 0)
            code.Line($"[global::Cleave.Generated.TensorShape({string.Join(", ", input.Shape.Select(d => Dimension(spec, d)))})]");
        string type = input.IsScalar ? input.Element : $"global::System.ReadOnlyMemory<{input.Element}>";
        code.Line($"public required {type} {input.Property} {{ get; set; }}");
        if (input.RankIsKnown)
            return;
        code.Line();
        code.Doc($"<summary>The shape of <see cref=\"{input.Property}\"/>.</summary>");
        code.Line($"public required int[] {input.ShapeProperty} {{ get; set; }}");
    }

    private static string Dimension(RunnerSpec spec, DimSpec dim) => dim.Size is { } size
        ? size.ToString(CultureInfo.InvariantCulture)
        : SafeText.Literal(spec.Symbols.First(s => s.Name == dim.Symbol).Parameter.TrimStart('@'));
}
