using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Cleave.Prepared;

/// <summary>
/// What a prepared segment is good for: this graph and part of it, these weights, this processor, this ONNX Runtime, these settings. Anything else is another entry's.
/// </summary>
/// <param name="Model">The model's name; only for people.</param>
/// <param name="Segment">The segment's name; only for people.</param>
/// <param name="Graph">The hash of the graph's listing.</param>
/// <param name="Part">The segment's nodes, and what it reads and writes.</param>
/// <param name="Weights">A digest of the edges of every tensor of the model.</param>
/// <param name="OnnxRuntime">The release.</param>
/// <param name="Library">The build of its native library.</param>
/// <param name="Processor">The processor's signature.</param>
/// <param name="Configuration">What the sessions are created with.</param>
internal sealed record PreparedTarget(
    string Model, string Segment, string Graph, string Part, string Weights, string OnnxRuntime, string Library, string Processor, string Configuration)
{
    // Of a hash, as many digits tell enough entries apart; what the manifest says is compared in full.
    private const int Digits = 16;

    /// <summary>The name of the entry's folder: another one for every other target, whatever the runner calls the model.</summary>
    public string FolderName => Prefix(Graph) + Short(string.Join('\n', Fields.Select(static f => f.Value)));

    private IEnumerable<(string Name, string Value)> Fields =>
    [
        ("another graph", Graph), ("another part of the model", Part), ("another processor", Processor), ("another ONNX Runtime", OnnxRuntime),
        ("another build of ONNX Runtime", Library), ("another configuration", Configuration), ("other weights", Weights),
    ];

    /// <summary>How the names of all entries of a graph begin.</summary>
    public static string Prefix(string graph) => Short(graph) + "-";

    /// <summary>Whether a folder may be an entry's, by its name.</summary>
    public static bool IsEntryName(string name) => name.Length == 2 * Digits + 1 && name[Digits] == '-' && name.Where(static (_, i) => i != Digits).All(char.IsAsciiHexDigitLower);

    /// <summary>What makes an entry for <paramref name="other"/> useless here, with both values; null where nothing does.</summary>
    public string? Difference(PreparedTarget other)
    {
        foreach (((string name, string here), (_, string there)) in Fields.Zip(other.Fields))
        {
            if (here != there)
                return "it was prepared for " + name + ": " + there + ", here: " + here;
        }
        return null;
    }

    /// <summary>Whether an entry is for the same segment of the same graph.</summary>
    public bool IsSamePart(PreparedTarget other) => other.Graph == Graph && other.Part == Part;

    private static string Short(string text) => Hashes.Of(Encoding.UTF8.GetBytes(text))[..Digits];
}
