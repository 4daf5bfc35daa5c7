namespace Cleave;

/// <summary>How an output of an ensemble's members becomes one (<see href="https://github.com/cleave-net/cleave/blob/main/docs/ensembles.md">Ensembles</see>). Of every rule but <see cref="Custom"/>, results are the same whatever member answers first; means within one unit in the last place.</summary>
public enum CombinationRule
{
    /// <summary>The mean, accumulated in double.</summary>
    Mean,

    /// <summary>The mean by the members' weights, accumulated in double.</summary>
    WeightedMean,

    /// <summary>The place of the largest (weighted) mean score along the last dimension; of equal ones the first.</summary>
    SoftVote,

    /// <summary>
    /// What most members vote for, by their weights: of scores the place of each member's largest along the last dimension, of whole numbers and truth values these
    /// themselves. With as many votes for several, the smallest.
    /// </summary>
    MajorityVote,

    /// <summary>The largest.</summary>
    Max,

    /// <summary>All of them, one after the other along a new first dimension, in the members' order.</summary>
    Stack,

    /// <summary>A method of the application.</summary>
    Custom,
}
