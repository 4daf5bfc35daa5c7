using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Cores;
using Microsoft.Extensions.Logging;

namespace Cleave.Sessions;

/// <summary>Whether weights are copied or mapped, and why.</summary>
/// <param name="Loading">Copy or Map, never Auto.</param>
/// <param name="Reason">For the log.</param>
internal sealed record WeightChoice(WeightLoading Loading, string Reason)
{
    private const long MostCopied = 256L << 20;

    // Smaller tensors stay in the sub-model; they are not mapped one by one.
    private const long LeastMapped = 16 << 10;

    /// <summary>Chooses for a model in memory or in a file.</summary>
    public static WeightChoice Make(WeightLoading asked, bool fromFile, OnnxGraph graph, ProcessFiles files, ILogger logger, string model)
    {
        if (!fromFile)
            return new(WeightLoading.Copy, "the model is in memory");
        WeightChoice wanted = Want(asked, graph);
        if (wanted.Loading != WeightLoading.Map)
            return wanted;
        int mappings = graph.Initializers.Count(static t => t.Storage is Storage.Plain && t.ByteSize >= LeastMapped);
        if (long.TryParse(files.Read("/proc/sys/vm/max_map_count"), NumberStyles.None, CultureInfo.InvariantCulture, out long most)
            && mappings > most / 4)
        {
            Log.TooManyMappings(logger, model, mappings, most);
            return new(WeightLoading.Copy, "too many tensors to map");
        }
        return wanted;
    }

    private static WeightChoice Want(WeightLoading asked, OnnxGraph graph)
    {
        if (asked != WeightLoading.Auto)
            return new(asked, "asked for");
        if (graph.Initializers.Any(static t => t.Storage == Storage.External))
            return new(WeightLoading.Map, "weights are in files of their own");
        long bytes = graph.Initializers.Sum(static t => t.ByteSize);
        return new(bytes > MostCopied ? WeightLoading.Map : WeightLoading.Copy,
            string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MB"));
    }
}
