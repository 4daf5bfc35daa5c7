using System;
using System.Collections.Generic;

namespace Cleave.Core.Graph;

/// <summary>
/// Attributes that hold what training learns: coefficients, trees and vocabularies of ONNX's operators for classical models. They are weights, wherever they stand: training changes
/// them, their number, too, and no shape depends on them.
/// </summary>
internal static class LearnedAttributes
{
    private const string MachineLearning = "ai.onnx.ml";

    private static readonly HashSet<string> Names = new(
        [
            "base_values", "base_values_as_tensor", "classes_strings", "coefficients", "default_tensor", "imputed_value_floats", "imputed_value_int64s", "intercepts", "kernel_params",
            "membership_values", "offset", "prob_a", "prob_b", "rho", "scale", "support_vectors", "threshold", "tree_roots", "vectors_per_class",
        ],
        StringComparer.Ordinal);

    // Of trees, and of LabelEncoder.
    private static readonly string[] Prefixes = ["class_", "keys_", "leaf_", "nodes_", "target_", "values_"];

    private static readonly HashSet<string> OfTerms = new(["ngram_counts", "pool_int64s", "pool_strings", "weights"], StringComparer.Ordinal);

    /// <summary>Whether an attribute of a node is one of them.</summary>
    public static bool Has(Node node, NodeAttribute attribute) => attribute.Reference is null && Has(node.Domain, node.OpType, attribute.Name, attribute.Kind);

    /// <summary>The same of one that holds its own values, by what it is called.</summary>
    public static bool Has(string domain, string opType, string name, AttributeKind kind) =>
        kind is AttributeKind.Float or AttributeKind.Floats or AttributeKind.Ints or AttributeKind.Strings or AttributeKind.Tensor
        && (domain == MachineLearning ? IsLearned(name) : IsOfTerms(domain, opType) && OfTerms.Contains(name));

    /// <summary>Whether an operator of ONNX's own domain has such attributes.</summary>
    public static bool IsOfTerms(string domain, string opType) => domain.Length == 0 && opType == "TfIdfVectorizer";

    private static bool IsLearned(string name) => Names.Contains(name) || Array.Exists(Prefixes, p => name.StartsWith(p, StringComparison.Ordinal));
}
