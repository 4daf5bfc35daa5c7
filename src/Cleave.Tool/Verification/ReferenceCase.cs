using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Passes.Partitions;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Verification;

/// <summary>What the whole model gives on some inputs.</summary>
/// <param name="Inputs">What it runs on.</param>
/// <param name="Optimised">The file as ONNX Runtime opens it, with all optimisations.</param>
/// <param name="Unoptimised">The whole model sliced as one segment, with none.</param>
/// <param name="Own">How far the file is from itself, with all optimisations and with none.</param>
/// <param name="SlicedDifference">How far the whole sliced as one segment is from the file, with no optimisations.</param>
/// <param name="Unstable">Outputs that differ from one run to the next.</param>
internal sealed record ReferenceCase(
    InputCase Inputs, IReadOnlyDictionary<string, TensorCopy> Optimised, IReadOnlyDictionary<string, TensorCopy> Unoptimised,
    IReadOnlyDictionary<string, OwnDifference> Own, IReadOnlyDictionary<string, OutputDifference> SlicedDifference, IReadOnlySet<string> Unstable)
{
    /// <summary>Whether elements of an output can be compared: there are some that are settled, and they do not differ from one run to the next.</summary>
    public bool Shows(string output) => !Unstable.Contains(output) && Optimised[output].Count > Own[output].Unsettled.Count;

    /// <summary>How far the settled elements of a result are from what was expected.</summary>
    /// <param name="output">Its name.</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="actual">What it is; null where it is missing.</param>
    public OutputDifference Between(string output, TensorCopy expected, TensorCopy? actual) =>
        actual is null ? OutputDifference.Missing : OutputDifference.Between(expected, actual, except: Own[output].Unsettled);

    /// <summary>The outputs of which some elements do not count.</summary>
    public static IEnumerable<string> UnsettledOf(IEnumerable<ReferenceCase> cases) =>
        cases.SelectMany(static c => c.Own.Where(o => o.Value.Unsettled.Count > 0 && !c.Unstable.Contains(o.Key)).Select(static o => o.Key)).Distinct(StringComparer.Ordinal);

    /// <summary>What is to be said of an output with elements that do not count.</summary>
    public static string UnsettledNote(string output) =>
        $"The output '{output}' has elements that are finite numbers in the whole model only with, or only without, ONNX Runtime's own optimisations: these were not compared.";
}

/// <summary>The whole model in the sessions that everything is compared with.</summary>
internal sealed class References : IDisposable
{
    private readonly ModelUnderTest _model;
    private readonly List<SessionChain> _chains = [];

    /// <exception cref="SegmentException">ONNX Runtime refuses the model.</exception>
    public References(ModelUnderTest model, int threads)
    {
        _model = model;
        try
        {
            _chains.Add(SessionChain.OfFile(model, new SessionRequest(GraphOptimizationLevel.ORT_ENABLE_ALL, threads)));
            _chains.Add(SessionChain.OfFile(model, new SessionRequest(GraphOptimizationLevel.ORT_DISABLE_ALL, threads)));
            _chains.Add(SessionChain.Of(model, [PartitionBuilder.WholeRequest(model.Graph, "Whole")], new SessionRequest(GraphOptimizationLevel.ORT_DISABLE_ALL, threads)));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <exception cref="SegmentException">The model does not take these inputs.</exception>
    public ReferenceCase Run(InputCase inputs)
    {
        Dictionary<string, TensorCopy> optimised = Run(0), again = Run(0), plain = Run(1), sliced = Run(2);
        return new ReferenceCase(inputs, optimised, sliced, OwnDifferences(plain, optimised), Differences(plain, sliced),
            optimised.Keys.Where(k => !again.TryGetValue(k, out TensorCopy? other) || !optimised[k].SameBits(other)).ToHashSet(StringComparer.Ordinal));

        Dictionary<string, TensorCopy> Run(int chain) => _chains[chain].Run(inputs.Values, _model.Graph.Outputs);
    }

    /// <summary>What the file gives, with all optimisations.</summary>
    public Dictionary<string, TensorCopy> RunFile(IReadOnlyDictionary<string, TensorCopy> inputs) => _chains[0].Run(inputs, _model.Graph.Outputs);

    public void Dispose()
    {
        foreach (SessionChain chain in _chains)
            chain.Dispose();
    }

    /// <summary>By output.</summary>
    public static Dictionary<string, OwnDifference> OwnDifferences(Dictionary<string, TensorCopy> plain, Dictionary<string, TensorCopy> optimised) =>
        optimised.ToDictionary(o => o.Key, o => OwnDifference.Between(plain.GetValueOrDefault(o.Key), o.Value), StringComparer.Ordinal);

    /// <summary>By output.</summary>
    public static Dictionary<string, OutputDifference> Differences(Dictionary<string, TensorCopy> one, Dictionary<string, TensorCopy> other) =>
        other.ToDictionary(o => o.Key, o => one.TryGetValue(o.Key, out TensorCopy? value) ? OutputDifference.Between(value, o.Value) : OutputDifference.Missing, StringComparer.Ordinal);
}
