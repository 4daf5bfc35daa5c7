using System;
using System.Globalization;
using System.Linq;
using Cleave.Calls;
using Cleave.Core.Batching;
using Cleave.Core.Diagnostics;
using Cleave.Generated;

namespace Cleave.Batching;

/// <summary>How many samples of a runner's requests may run together, by the requests' dimensions. Immutable.</summary>
internal sealed class BatchSizes
{
    // Where batches are asked for of which nothing is predicted.
    private const int Unknown = 16;

    private readonly BatchGain[] _gains;
    private readonly BatchingOptions _options;
    private readonly ShapeTable _shapes;

    private BatchSizes(BatchAxis axis, BatchingOptions options, ShapeTable shapes, int symbol)
    {
        Axis = axis;
        Symbol = symbol;
        _gains = axis.Gains;
        _options = options;
        _shapes = shapes;
    }

    public BatchAxis Axis { get; }

    /// <summary>The place of the batch among a request's dimensions.</summary>
    public int Symbol { get; }

    /// <summary>For the log: <c>32</c>, or the sizes by elements of a sample.</summary>
    public string Words => _options.MaxSize is { } most ? Text(most)
        : _gains.Length < 2 ? Text(Largest(0))
        : string.Join(", ", _gains.Where(g => Largest(g.Elements) > 0).Select(g => string.Create(CultureInfo.InvariantCulture, $"{Largest(g.Elements)} of up to {g.Elements} elements")));

    /// <summary>Null where requests are not put together, and why.</summary>
    public static BatchSizes? Of(ModelDefinition definition, RunnerOptions options, ShapeTable shapes, out string why)
    {
        BatchingOptions batching = options.Batching ?? new();
        BatchAxis? axis = definition.Batch;
        bool asked = batching.Choice == BatchingChoice.On;
        why = batching.Choice == BatchingChoice.Off ? "Batching is Off"
            : options.Deterministic == true ? "Deterministic is set"
            : axis is null ? NoAxis(definition, "it")
            : !asked && options.Hint == RunnerHint.Latency ? "Hint was set to Latency"
            : !asked && !Array.Exists(axis.Gains, static g => g.Gain >= BatchPlanner.LeastGain) ? "batches are not predicted to gain enough"
            : "";
        return why.Length > 0 ? null : new BatchSizes(axis!, batching, shapes, shapes.SymbolOf(axis!.Dimension));
    }

    /// <summary>Why samples of a model do not lie one behind the other in memory; "" where they do.</summary>
    /// <param name="definition">The model.</param>
    /// <param name="name">What it is called in the sentence.</param>
    public static string WhyNoRows(ModelDefinition definition, string name) =>
        definition.Batch is not { } axis ? NoAxis(definition, name)
        : !Array.TrueForAll(axis.Inputs, static a => a == 0) || !Array.TrueForAll(axis.Outputs, static a => a == 0) ? "the batch is not the first axis of every input and output of " + name
        : Array.Exists(definition.Inputs, static v => v.Element.IsText) || Array.Exists(definition.Outputs, static v => v.Element.IsText) ? name + " has strings"
        : "";

    /// <summary>Why nothing runs together, and no batch is divided, of a model without a batch axis, and what helps.</summary>
    /// <param name="definition">The model.</param>
    /// <param name="name">What it is called there.</param>
    public static string NoAxis(ModelDefinition definition, string name) =>
        "no batch axis is proven for " + name + (definition.NoBatch is { } why ? ": " + OneLine.Of(why) : "; cleave plan says why, and where cleave fix --dynamic-batch helps");

    /// <summary>What a request of these dimensions may do.</summary>
    public BatchPlace Of(ReadOnlySpan<int> dims)
    {
        int samples = dims[Symbol];
        if (samples == 0)
            return default;
        int largest = Largest(_shapes.SampleElements(dims, Symbol));
        return new BatchPlace(samples, samples < largest ? largest : 0);
    }

    // Larger samples gain less: the prediction for the next larger ones never promises too much.
    private int Largest(long elements)
    {
        int row = Array.FindIndex(_gains, g => g.Elements >= elements);
        bool pays = row >= 0 && _gains[row].Gain >= BatchPlanner.LeastGain;
        if (_options.Choice == BatchingChoice.On)
            return _options.MaxSize ?? (pays ? _gains[row].Size : Unknown);
        return pays ? _options.MaxSize ?? _gains[row].Size : 0;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
