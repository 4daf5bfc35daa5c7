using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>docs/operators.md lists every operator as inference knows it. UPDATE_GOLDEN=1 writes it anew.</summary>
public sealed class OperatorPageTests
{
    private static readonly string Page = Path.Combine(SharedModels.Repository, "docs", "operators.md");

    // Names of operators by domain, whether or not there is a rule: ONNX's sets to opset 26, and ONNX Runtime's own.
    private static readonly string Names = Path.Combine(SharedModels.Repository, "tests", "Cleave.Core.Tests", "Shapes", "operators.txt");

    private static readonly Dictionary<string, string> Titles = new()
    {
        [""] = "ai.onnx",
        [Domains.MachineLearning] = "ai.onnx.ml",
        [Domains.Training] = "ai.onnx.preview.training",
        [Domains.Microsoft] = "com.microsoft: ONNX Runtime's own, most of them made by its optimiser",
        [Domains.Blocked] = "com.microsoft.nchwc: ONNX Runtime's convolutions with channels in blocks",
    };

    // Forms of those whose rules are exact that no rule follows.
    private static readonly Dictionary<string, string> NotFollowed = new()
    {
        ["ai.onnx/DFT"] = "one-sided and inverse",
        ["ai.onnx/Resize"] = "to sizes that keep the aspect ratio; of a region, by scales",
    };

    // What stays open of those whose rules are partial.
    private static readonly Dictionary<string, string> Open = new()
    {
        ["ai.onnx/Compress"] = "how many elements the condition picks",
        ["ai.onnx/ConcatFromSequence"] = "the length of the joined axis",
        ["ai.onnx/If"] = "dimensions in which the two branches differ, unless the condition is constant",
        ["ai.onnx/ImageDecoder"] = "height and width",
        ["ai.onnx/Loop"] = "the number of iterations, unless it is constant; dimensions that change from one to the next",
        ["ai.onnx/NonMaxSuppression"] = "how many boxes are left",
        ["ai.onnx/NonZero"] = "how many elements are not zero",
        ["ai.onnx/Scan"] = "dimensions that change from step to step",
        ["ai.onnx/SequenceAt"] = "dimensions in which the tensors of the sequence differ",
        ["ai.onnx/SequenceErase"] = "dimensions in which the tensors of the sequence differ",
        ["ai.onnx/SequenceInsert"] = "dimensions in which the tensors of the sequence differ",
        ["ai.onnx/SequenceMap"] = "dimensions in which the tensors of the sequences differ",
        ["ai.onnx/SplitToSequence"] = "the length of parts that are not all equal",
        ["ai.onnx/StringNormalizer"] = "how many words are left, if there are stop words",
        ["ai.onnx/StringSplit"] = "the largest number of parts",
        ["ai.onnx/Unique"] = "how many different elements there are",
        ["ai.onnx.ml/CastMap"] = "the number of keys",
        ["ai.onnx.ml/DictVectorizer"] = "the element type",
        ["ai.onnx.ml/LinearClassifier"] = "the number of scores",
        ["ai.onnx.ml/SVMClassifier"] = "the number of scores",
        ["ai.onnx.ml/TreeEnsembleClassifier"] = "the number of scores for two classes",
        ["ai.onnx.ml/ZipMap"] = "the contents of the maps",
        ["com.microsoft/Attention"] = "the length of the present state",
        ["com.microsoft/EmbedLayerNormalization"] = "the shape of the mask index",
        ["com.microsoft/GroupQueryAttention"] = "the shape of the present state",
        ["com.microsoft/MultiHeadAttention"] = "the shape of the present state; layouts with packed keys and values",
        ["com.microsoft/QAttention"] = "the length of the present state",
        ["com.microsoft.nchwc/ReorderInput"] = "the channels, if they are not a multiple of 16: the file does not say the size of a block",
    };

    [Fact]
    public void The_page_lists_every_operator()
    {
        string expected = Write();
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(Page, expected);
        Assert.Equal(expected, File.ReadAllText(Page).ReplaceLineEndings("\n"));
    }

    [SkippableFact]
    public void Every_operator_of_the_node_models_has_a_rule()
    {
        Skip.If(NodeModels.All.Count == 0, NodeModels.WhySkipped);
        IEnumerable<NodeProto> nodes = NodeModels.All.SelectMany(p => ModelProto.Parser.ParseFrom(File.ReadAllBytes(p)).Graph.Node);
        string[] without = [.. nodes.Where(n => OperatorTable.Find(n.Domain, n.OpType) is null).Select(n => Key(n.Domain, n.OpType)).Distinct()];
        Assert.Empty(without);
    }

    private static string Key(string domain, string opType) => (domain.Length == 0 ? "ai.onnx" : domain) + "/" + opType;

    private static string Write()
    {
        SortedDictionary<string, string> known = new(StringComparer.Ordinal);
        foreach (string line in File.ReadAllLines(Names))
            known[line.Replace(' ', '/')] = "unknown |";
        List<string> unexplained = [.. Open.Keys, .. NotFollowed.Keys];
        foreach (OperatorRule rule in OperatorTable.All)
        {
            string key = Key(rule.Domain, rule.OpType);
            known[key] = rule.Coverage == Coverage.Exact ? "exact |" + (NotFollowed.TryGetValue(key, out string? form) ? " " + form : "") : "partial | " + Open[key];
            if (rule.Coverage == Coverage.Partial ? Open.ContainsKey(key) : NotFollowed.ContainsKey(key))
                unexplained.Remove(key);
        }
        Assert.Empty(unexplained);
        StringBuilder page = new(
            """
            # Operators

            How much shape inference knows about each operator. A test writes this page from the rules; do not edit it.

            - **exact**: element types and shapes are known if those of the inputs are, and the values of the inputs that set a size. The column "open" names forms that are not followed: their dimensions are unknown.
            - **partial**: element types are known, shapes not always, because some dimensions depend on data. The column "open" says which.
            - **unknown**: nothing is inferred. If the file states the types of the outputs, these are used; otherwise the graph is not cut there.

            An operator from a newer operator set is treated in its last known form.

            """.ReplaceLineEndings("\n"));
        foreach ((string domain, string title) in Titles)
        {
            string prefix = Key(domain, "");
            string[] rows = [.. known.Where(k => k.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Select(k => "| `" + k.Key[prefix.Length..] + "` | " + k.Value + " |")];
            page.Append("\n## ").Append(title).Append("\n\n");
            page.Append(string.Join(", ", new[] { "exact", "partial", "unknown" }.Select(w => FormattableString.Invariant($"{rows.Count(r => r.Contains("` | " + w + " |", StringComparison.Ordinal))} {w}"))));
            page.Append(".\n\n| operator | | open |\n|---|---|---|\n").Append(string.Join('\n', rows)).Append('\n');
        }
        return page.ToString();
    }
}
