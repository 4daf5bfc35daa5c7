using Cleave.Calls;
using Cleave.Core.Clustering;
using Cleave.Core.Parts;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Tuning;

namespace Cleave.Plans;

/// <summary>How much faster a call is with several threads than with one, at the planned sizes: as it was measured, or else predicted. Immutable.</summary>
internal sealed class ThreadGain
{
    private readonly PartTimes? _times;
    private readonly ModelDefinition _definition;
    private readonly TuningSection? _tuned;

    /// <param name="definition">The model.</param>
    /// <param name="tuned">What was measured on this machine; null: nothing was.</param>
    public ThreadGain(ModelDefinition definition, TuningSection? tuned)
    {
        _definition = definition;
        _tuned = tuned;
        ShapeTable shapes = new(definition, []);
        if (tuned != null && TunedRunner.Times(tuned, definition, shapes, isCrowded: false) is { } measured)
            definition = definition.With(measured);
        if (definition.Times != null && shapes.InputsOfUnknownRank == 0 && definition.PlannedSizes.Length == shapes.Symbols)
            _times = new ExpectedTimes(definition, shapes).Of(definition.PlannedSizes);
    }

    /// <summary>
    /// Whether it is worth that the weights are in memory once more, for one thread. Where nothing is known it is, as it was planned: that of a split, the planner asked.
    /// </summary>
    public bool Pays(ChosenPlan mode)
    {
        if (mode.Cores == 1)
            return true;
        if (!mode.Plan.IsSplit)
            return _times is null || _times.Alone >= PlanOptions.LeastOfLarge * _times.At(mode.Cores);
        return _tuned is null || TunedRunner.Relative(_tuned, [mode, ChosenPlan.Whole(_definition.Budgets, 1, 1)], _definition.PlannedSizes) is not [{ } time, ..]
            || time * PlanOptions.LeastOfLarge <= 1;
    }
}
