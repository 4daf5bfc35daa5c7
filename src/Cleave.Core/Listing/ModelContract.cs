using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Graph;

namespace Cleave.Core.Listing;

/// <summary>
/// The contract of a model: what code that uses its runner relies on, as text beside the model that is checked in and
/// reviewed like the public API of a library. Names, types and shapes of inputs and outputs, names of dimensions,
/// operator sets; one a line, sorted, in the words of the listing (docs/contract.md).
/// </summary>
internal static class ModelContract
{
    private const string FirstLine = "cleave-contract 1";

    /// <summary>The contract's file for a model's path.</summary>
    public static string FileOf(string model) => model + ".contract.txt";

    /// <summary>The contract of a model, as its file holds it; <paramref name="name"/> is the model's file name.</summary>
    public static string Text(OnnxModel model, string name)
    {
        using MemoryStream stream = new();
        using (ListingText text = new(stream))
            text.Line("#").Text(name).Raw(": what users of the model rely on. To accept a change: cleave contract --accept").End();
        string comment = Encoding.UTF8.GetString(stream.ToArray());
        return comment + FirstLine + "\n" + string.Concat(Lines(model).Select(l => l + "\n"));
    }

    /// <summary>What a contract records and the model has not ("- …"), and what the model has beyond it ("+ …"); sorted, empty where they agree.</summary>
    public static IReadOnlyList<string> Differences(string contract, OnnxModel model)
    {
        // Git may have given the file other line ends.
        List<string> recorded = [.. contract.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#')];
        if (!recorded.Remove(FirstLine))
            return ["the file does not begin with '" + FirstLine + "'"];
        string[] lines = Lines(model);
        return
        [
            .. recorded.Except(lines).Select(l => (Line: l, Sign: "- ")).Concat(lines.Except(recorded).Select(l => (Line: l, Sign: "+ ")))
                .OrderBy(d => d.Line, StringComparer.Ordinal).Select(d => d.Sign + d.Line),
        ];
    }

    private static string[] Lines(OnnxModel model)
    {
        IReadOnlyList<ValueInfo> inputs = model.Graph.CallerInputs();
        using MemoryStream stream = new();
        using (ListingText text = new(stream))
        {
            ListingWriter.WriteOpsets(text, model.Opsets);
            ListingWriter.WriteValues(text, "input", inputs);
            ListingWriter.WriteValues(text, "output", model.Graph.Outputs);
            foreach (string dim in inputs.Concat(model.Graph.Outputs).SelectMany(NamesOfDimensions).Distinct())
                text.Line("dim").Text(dim).End();
        }
        string[] lines = Encoding.UTF8.GetString(stream.ToArray()).Split(['\n'], StringSplitOptions.RemoveEmptyEntries);
        Array.Sort(lines, StringComparer.Ordinal);
        return lines;
    }

    private static IEnumerable<string> NamesOfDimensions(ValueInfo value) =>
        value.Type is OnnxType.Tensor { Shape: { } shape } ? shape.Where(d => d.Name is not null).Select(d => d.Name!) : [];
}
