using System;
using Cleave.Core.Parts;
using Cleave.Generated;

namespace Cleave.Calls;

/// <summary>How long calls of a model are expected to take, by their dimensions. Immutable.</summary>
internal sealed class ExpectedTimes
{
    private readonly ShapeTable _shapes;
    private readonly CallTimes _times;
    private readonly int _symbol;

    /// <param name="definition">The model: what is predicted, or was tuned.</param>
    /// <param name="shapes">The shapes of its inputs.</param>
    /// <param name="isBySize">Whether it goes by the size of the inputs alone, as where nothing is predicted.</param>
    public ExpectedTimes(ModelDefinition definition, ShapeTable shapes, bool isBySize = false)
    {
        _shapes = shapes;
        _times = isBySize ? CallTimes.BySize : definition.Times?.ToCallTimes() ?? CallTimes.BySize;
        _symbol = shapes.BatchOf(definition);
    }

    /// <summary>What one call takes on one thread, as against others.</summary>
    public double Alone(int[] dims) => Of(dims).Alone;

    /// <summary>What so many calls of these dimensions take together.</summary>
    public PartTimes Of(int[] dims, int count = 1) => _times.Of(_shapes.SampleElements(dims, _symbol), Samples(dims) * count);

    /// <summary>The samples of a call.</summary>
    public int Samples(int[] dims) => _symbol < 0 ? 1 : Math.Max(1, dims[_symbol]);

    /// <summary>The dimensions of so many calls as one.</summary>
    public int[] Together(int[] dims, int count)
    {
        if (_symbol < 0 || count == 1)
            return dims;
        int[] together = [.. dims];
        together[_symbol] *= count;
        return together;
    }
}
