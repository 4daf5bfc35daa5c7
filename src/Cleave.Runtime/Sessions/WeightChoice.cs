using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Sessions;

/// <summary>Whether weights are copied or mapped, and why.</summary>
/// <param name="Loading">Copy or Map, never Auto.</param>
/// <param name="Reason">For the log.</param>
internal sealed record WeightChoice(WeightLoading Loading, string Reason)
{
    private const long MostCopied = 256L << 20;

    /// <summary>Chooses for a model in memory or in a file.</summary>
    public static WeightChoice Make(WeightLoading asked, bool fromFile, OnnxGraph graph, long weightBytes)
    {
        if (!fromFile)
            return new(WeightLoading.Copy, "the model is in memory");
        if (asked != WeightLoading.Auto)
            return new(asked, "asked for");
        if (graph.Initializers.Any(static t => t.Storage == Storage.External))
            return new(WeightLoading.Map, "weights are in files of their own");
        return new(weightBytes > MostCopied ? WeightLoading.Map : WeightLoading.Copy,
            string.Create(CultureInfo.InvariantCulture, $"{weightBytes / 1048576.0:0.#} MB"));
    }
}
