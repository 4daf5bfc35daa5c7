using Cleave.Calls;
using Cleave.Core.Parts;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Tuning;

namespace Cleave.Plans;

/// <summary>How much faster a call of the whole model is with several threads than with one, at the planned sizes: as it was measured, or else predicted. Immutable.</summary>
internal sealed class ThreadGain
{
    /// <summary>
    /// Where weights are large, a session of several threads must be so many times as fast as one of one thread: once requests meet, that is needed beside it.
    /// </summary>
    public const double Least = 1.2;

    private readonly PartTimes? _times;

    /// <param name="definition">The model.</param>
    /// <param name="tuned">What was measured on this machine; null: nothing was.</param>
    public ThreadGain(ModelDefinition definition, TuningSection? tuned)
    {
        ShapeTable shapes = new(definition, []);
        if (tuned != null && TunedRunner.Times(tuned, definition, shapes, isCrowded: false) is { } measured)
            definition = definition.With(measured);
        if (definition.Times != null && shapes.InputsOfUnknownRank == 0 && definition.PlannedSizes.Length == shapes.Symbols)
            _times = new ExpectedTimes(definition, shapes).Of(definition.PlannedSizes);
    }

    /// <summary>Whether so many threads are worth a second session. Where nothing is known, they are, as it is planned.</summary>
    public bool Pays(int threads) => _times is null || _times.Alone >= Least * _times.At(threads);
}
