namespace Cleave;

/// <summary>Whether a model runs whole or split over lanes.</summary>
public enum PlanChoice
{
    /// <summary>What was planned for the cores that the process has.</summary>
    Auto,

    /// <summary>As one session.</summary>
    Whole,

    /// <summary>Split, even where that is slower, if a split was planned for any number of cores.</summary>
    Split,
}
