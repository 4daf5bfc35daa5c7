namespace Cleave.Tool.Measuring;

/// <summary>One of the things compared: its name in the results, and the workload that runs it.</summary>
internal sealed record Candidate(string Name, string Workload, params string[] Arguments)
{
    /// <summary>How many calls it runs at once. The time per call is a call's time divided by this.</summary>
    public int Callers { get; init; } = 1;
}
