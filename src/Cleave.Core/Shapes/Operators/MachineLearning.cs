using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>ONNX's operators for classical models: trees, linear models, encoders.</summary>
internal static class MachineLearning
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        Rule("ArrayFeatureExtractor", Coverage.Exact, ArrayFeatureExtractor),
        Rule("Binarizer", Coverage.Exact, n => n.Set(0, n.Element(0), n.Shape(0))),
        Rule("CastMap", Coverage.Partial, CastMap),
        Rule("CategoryMapper", Coverage.Exact, n => n.Set(0, Opposite(n.Element(0)), n.Shape(0))),
        Rule("DictVectorizer", Coverage.Partial, DictVectorizer),
        Rule("FeatureVectorizer", Coverage.Exact, FeatureVectorizer),
        Rule("Imputer", Coverage.Exact, n => n.Set(0, n.Element(0), n.Shape(0))),
        Rule("LabelEncoder", Coverage.Exact, n => n.Set(0, Labels(n), n.Shape(0))),
        Rule("LinearClassifier", Coverage.Partial, Classifier),
        Rule("LinearRegressor", Coverage.Exact, n => n.Set(0, ElementType.Float, Scores(n, Dim.Of(n.Int("targets", 1))))),
        Rule("Normalizer", Coverage.Exact, n => n.Set(0, ElementType.Float, n.Shape(0))),
        Rule("OneHotEncoder", Coverage.Exact, OneHotEncoder),
        Rule("SVMClassifier", Coverage.Partial, Classifier),
        Rule("SVMRegressor", Coverage.Exact, n => n.Set(0, ElementType.Float, Scores(n, Dim.One))),
        Rule("Scaler", Coverage.Exact, n => n.Set(0, ElementType.Float, n.Shape(0))),
        Rule("TreeEnsemble", Coverage.Exact, n => n.Set(0, n.Element(0), Scores(n, Dim.Of(n.Int("n_targets", 1))))),
        Rule("TreeEnsembleClassifier", Coverage.Partial, Classifier),
        Rule("TreeEnsembleRegressor", Coverage.Exact, n => n.Set(0, ElementType.Float, Scores(n, Dim.Of(n.Int("n_targets", 1))))),
        Rule("ZipMap", Coverage.Partial, n => n.Set(0, new ValueFacts { Kind = ValueKind.Sequence, Item = ValueFacts.Unknown })),
    ];

    private static OperatorRule Rule(string opType, Coverage coverage, System.Action<NodeContext> infer) => new(Domains.MachineLearning, opType, coverage, infer);

    // Strings become numbers, numbers strings.
    private static ElementType Opposite(ElementType element) =>
        element switch { ElementType.String => ElementType.Int64, ElementType.Int64 => ElementType.String, _ => ElementType.Undefined };

    private static ElementType Labels(NodeContext node) =>
        node.Attribute("values_tensor") is { Tensors.Length: 1 } tensor ? tensor.Tensors[0].Element
        : node.Attribute("values_strings") is not null ? ElementType.String
        : node.Attribute("values_int64s") is not null ? ElementType.Int64
        : node.Attribute("values_floats") is not null ? ElementType.Float
        : node.Attribute("classes_strings") is not null ? Opposite(node.Element(0))
        : ElementType.Undefined;

    private static void ArrayFeatureExtractor(NodeContext node) =>
        node.Set(0, node.Element(0), node.Shape(0) is { Length: > 0 } input && node.Input(1).Count() is { } picked
            ? input.Length == 1 ? [Dim.One, picked] : [.. input.Take(input.Length - 1), picked]
            : null);

    private static void CastMap(NodeContext node)
    {
        ElementType? element = node.Text("cast_to", "TO_FLOAT") switch
        {
            "TO_FLOAT" => ElementType.Float,
            "TO_STRING" => ElementType.String,
            "TO_INT64" => ElementType.Int64,
            _ => null,
        };
        node.Set(0, element ?? ElementType.Undefined, [Dim.One, node.Unknown()]);
    }

    private static void DictVectorizer(NodeContext node)
    {
        int words = node.Attribute("string_vocabulary")?.Strings.Length ?? node.Attribute("int64_vocabulary")?.Ints.Length ?? 0;
        node.Set(0, ElementType.Undefined, [Dim.One, words > 0 ? Dim.Of(words) : node.Unknown()]);
    }

    private static void FeatureVectorizer(NodeContext node) =>
        node.Set(0, ElementType.Float, Scores(node, node.Ints("inputdimensions") is { Length: > 0 } sizes
            ? node.OrUnknown(sizes.Aggregate((Dim?)Dim.Zero, (sum, size) => sum is null ? null : sum + Dim.Of(size)))
            : node.Unknown()));

    private static void OneHotEncoder(NodeContext node)
    {
        int categories = node.Attribute("cats_int64s")?.Ints.Length ?? node.Attribute("cats_strings")?.Strings.Length ?? 0;
        node.Set(0, ElementType.Float, node.Shape(0) is { } input && categories > 0 ? [.. input, Dim.Of(categories)] : null);
    }

    // How many scores a classifier of two classes gives depends on its weights.
    private static void Classifier(NodeContext node)
    {
        string[] names = ["classlabels_strings", "classlabels_int64s", "classlabels_ints"];
        NodeAttribute? labels = names.Select(node.Attribute).FirstOrDefault(a => a is { Strings.Length: > 0 } or { Ints.Length: > 0 });
        int classes = labels is null ? 0 : labels.Strings.Length + labels.Ints.Length;
        node.Set(0, labels is { Strings.Length: > 0 } ? ElementType.String : ElementType.Int64, Rows(node) is { } rows ? [rows] : null);
        node.Set(1, ElementType.Float, Scores(node, node.Node.OpType == "TreeEnsembleClassifier" && classes > 2 ? Dim.Of(classes) : node.Unknown()));
    }

    private static Dim[]? Scores(NodeContext node, Dim columns) => Rows(node) is { } rows && columns.Value is not <= 0 ? [rows, columns] : null;

    // One row for each sample; a single one may be a vector.
    private static Dim? Rows(NodeContext node) => node.Shape(0) switch
    {
        { Length: 2 } input => input[0],
        { Length: 1 } => Dim.One,
        _ => null,
    };
}
