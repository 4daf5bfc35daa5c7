namespace Cleave;

/// <summary>How threads are given to the parts of a job (<see cref="IModelRunner{TInput,TOutput}.RunMany"/>). Never more run at once than there are cores.</summary>
public enum PartPolicy
{
    /// <summary>So that the last part is over as early as can be expected: a part gets several threads only where that gains. The default.</summary>
    EarliestFinish,

    /// <summary>
    /// In proportion to what the parts are expected to cost, by the largest remainder, at least one each. Where there are as many parts as cores, or more, one each.
    /// </summary>
    Proportional,

    /// <summary>As many for each part as for the others; the most expensive ones get what is left. Where there are as many parts as cores, or more, one each.</summary>
    Equal,

    /// <summary>One for each part.</summary>
    One,
}
