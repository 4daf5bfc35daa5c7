using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Generator.Model;

namespace Cleave.Generator.Emit;

/// <summary>Sentences of doc comments.</summary>
internal static class DocText
{
    private const int LongestName = 120;
    private const int LongestDim = 40;
    private const int LongestDescription = 2000;

    public static string Code(string text) => "<c>" + SafeText.Xml(text, LongestName) + "</c>";

    /// <summary>Name, element type and shape of an input or output.</summary>
    public static string Summary(TensorSpec tensor) =>
        "<summary>" + Code(tensor.Name) + ": " + tensor.Type.Word() + Shape(tensor) + ".</summary>";

    /// <summary>The exporter's description as a remark; "" where it says nothing.</summary>
    public static string Remarks(string description)
    {
        string lines = SafeText.XmlLines(description, LongestDescription);
        return lines.Length == 0 ? "" : "<remarks>" + lines + "</remarks>";
    }

    /// <summary>The parameters and their meaning, one line each.</summary>
    public static string Parameter(SymbolSpec symbol) =>
        "<param name=\"" + symbol.Parameter.TrimStart('@') + "\">" + Dimension(symbol) + "</param>";

    public static string Parameter(TensorSpec input) =>
        "<param name=\"" + input.ShapeParameter + "\">The shape of " + Code(input.Name) + ".</param>";

    public static string Dimension(SymbolSpec symbol) => symbol.IsNamed
        ? "The dimension " + Code(symbol.Name) + ": " + SafeText.Xml(symbol.Where, LongestDescription) + "."
        : "A dimension without a name in the model: " + SafeText.Xml(symbol.Where, LongestDescription) + ".";

    /// <summary>What the runner's remarks say of the model.</summary>
    public static string About(RunnerSpec spec)
    {
        ModelFacts facts = spec.Facts;
        string description = SafeText.XmlLines(facts.Description, LongestDescription);
        string text = "<remarks>";
        if (description.Length > 0)
            text += "\n<para>" + description + "</para>";
        if (facts.Producer.Length > 0)
            text += "\n<para>Made by " + SafeText.Xml(facts.Producer, LongestName) + ".</para>";
        if (facts.Opsets.Length > 0)
            text += "\n<para>Operator sets: " + SafeText.Xml(facts.Opsets, LongestDescription) + ".</para>";
        if (facts.Part.Length > 0)
            text += "\n<para>Gives chosen outputs, so only a part of the model runs: " + facts.Part + ".</para>";
        text += "\n<para>Weights: " + facts.WeightBytes.ToString("N0", CultureInfo.InvariantCulture) + " bytes.</para>";
        text += "\n<para>May be used from any number of threads at the same time.</para>";
        return text + "\n</remarks>";
    }

    private static string Shape(TensorSpec tensor)
    {
        if (!tensor.RankIsKnown)
            return " of any shape";
        return tensor.IsScalar ? ", one value" : " [" + string.Join(", ", tensor.Shape.Select(Dim)) + "]";
    }

    private static string Dim(DimSpec dim)
    {
        if (dim.Size is { } size)
            return size.ToString(CultureInfo.InvariantCulture);
        return SafeText.Xml(dim.Symbol ?? dim.Expression ?? "?", LongestDim);
    }
}
