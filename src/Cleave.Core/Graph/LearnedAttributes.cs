using System;
using System.Collections.Generic;

namespace Cleave.Core.Graph;

/// <summary>
/// Attributes that hold what training learns: coefficients, trees, vocabularies of ONNX's operators for classical models. They are weights, wherever they stand: training changes
/// them, their number, too, and no shape depends on them.
/// </summary>
internal static class LearnedAttributes
{
    private const string MachineLearning = "ai.onnx.ml";

    // Shapes and types of outputs depend on these.
    private static readonly HashSet<string> Shaping = new(
        [
            "cats_int64s", "cats_strings", "classlabels_int64s", "classlabels_ints", "classlabels_strings", "inputdimensions", "int64_vocabulary", "string_vocabulary",
        ],
        StringComparer.Ordinal);

    private static readonly HashSet<string> OfTerms = new(["ngram_counts", "pool_int64s", "pool_strings", "weights"], StringComparer.Ordinal);

    /// <summary>Whether an attribute of a node is one of them.</summary>
    public static bool Has(Node node, NodeAttribute attribute) =>
        attribute.Reference is null
        && attribute.Kind is AttributeKind.Floats or AttributeKind.Ints or AttributeKind.Strings or AttributeKind.Tensor
        && (node.Domain == MachineLearning ? !Shaping.Contains(attribute.Name) : IsOfTerms(node) && OfTerms.Contains(attribute.Name));

    /// <summary>Whether a node of ONNX's own domain has such attributes.</summary>
    public static bool IsOfTerms(Node node) => node.Domain.Length == 0 && node.OpType == "TfIdfVectorizer";
}
