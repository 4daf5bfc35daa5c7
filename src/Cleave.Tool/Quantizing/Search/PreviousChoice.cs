using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Rewriting;
using Google.Protobuf;

namespace Cleave.Tool.Quantizing.Search;

/// <summary>Which operators an earlier file has in 8 bits, and how: a model that was trained again gets the same ones (<c>--like</c>).</summary>
/// <param name="Path">The earlier file, as it was given.</param>
/// <param name="Form">The form's name.</param>
/// <param name="Operators">Names of nodes.</param>
/// <param name="WeightBits">Bits of a weight.</param>
/// <param name="MaxError">The error that it was made for.</param>
/// <param name="Model">What it holds.</param>
internal sealed record PreviousChoice(string Path, string Form, IReadOnlyList<string> Operators, int WeightBits, double MaxError, OnnxModel Model)
{
    private const int MostNamed = 3;

    /// <summary>Whether it has some of ONNX Runtime's own.</summary>
    public bool UsesOwnOperators => Model.Opsets.Any(static o => o.Domain == OwnOperators.Domain);

    /// <exception cref="RewriteException">It is none that <c>cleave quantize</c> wrote.</exception>
    /// <exception cref="ModelException">It is no model.</exception>
    public static PreviousChoice Read(string path)
    {
        (OnnxModel model, string? operators) = Open(path);
        string? form = QuantisationMetadata.Of(model, QuantisationMetadata.Form);
        if (form is null || operators is null || !double.TryParse(QuantisationMetadata.Of(model, QuantisationMetadata.MaxError), NumberStyles.Float, CultureInfo.InvariantCulture, out double error))
            throw new RewriteException($"--like {path}: it does not say which operators are in 8 bits, as what cleave quantize writes does.");
        return new PreviousChoice(path, form, operators.Split('\n'), QuantisationMetadata.Of(model, QuantisationMetadata.Processor) == QuantisationMetadata.Vnni ? 8 : 7, error, model);
    }

    private static (OnnxModel Model, string? Operators) Open(string path)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        try
        {
            OnnxModel model = ModelReader.Read(source, default);
            return (model, WholeMetadata.Of(model, source, QuantisationMetadata.Operators));
        }
        catch (ModelException e)
        {
            e.Path = path;
            throw;
        }
    }

    /// <summary>The same operators of another model.</summary>
    /// <exception cref="RewriteException">It has not all of them.</exception>
    public QuantizableOperator[] Among(IReadOnlyList<QuantizableOperator> candidates)
    {
        Dictionary<string, QuantizableOperator> byNode = candidates.ToDictionary(static c => c.Node, StringComparer.Ordinal);
        string[] absent = [.. Operators.Where(o => !byNode.ContainsKey(o))];
        return absent.Length == 0
            ? [.. Operators.Select(o => byNode[o])]
            : throw new RewriteException($"--like {Path}: it has {Quoted(absent)} in 8 bits, which the model has not, or not with constant, finite weights. Leave --like out: the model is another.");
    }

    /// <summary>Whether the file to be written is the earlier one but for its weights, so that runners exchange one for the other while they run.</summary>
    /// <exception cref="RewriteException">It is not; what is different.</exception>
    public void RequireSameGraph(ModelProto made)
    {
        using ByteSource bytes = ByteSource.FromBytes(made.ToByteArray());
        if (GraphDifference.Between(Model, ModelReader.Read(bytes, default)) is { } difference)
            throw new RewriteException($"--like {Path}: the graph would be another, so runners could not change to it while they run. {difference} Leave --like out to choose anew.");
    }

    private static string Quoted(string[] names) =>
        string.Join(", ", names.Take(MostNamed).Select(static n => $"'{n}'")) + (names.Length > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {names.Length - MostNamed} more") : "");
}
