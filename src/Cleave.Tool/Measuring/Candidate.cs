namespace Cleave.Tool.Measuring;

/// <summary>One of the things compared: its name in the results, and the workload that runs it.</summary>
internal sealed record Candidate(string Name, string Workload, params string[] Arguments)
{
    /// <summary>How many calls it runs at once. The time per call is a call's time divided by this.</summary>
    public int Callers { get; init; } = 1;

    /// <summary>Whether a claim is made about it: how the best of these compares with the best of the others of as many callers. What <see cref="MeasureSettings.Extension"/> is for.</summary>
    public bool IsJudged { get; init; }

    /// <summary>Whether it only shows what there is to gain: nothing is compared with it.</summary>
    public bool IsBound { get; init; }
}
