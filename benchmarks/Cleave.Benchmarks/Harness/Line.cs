namespace Cleave.Benchmarks.Harness;

internal enum Verdict
{
    Held,
    Missed,

    /// <summary>The command that was measured chose to change nothing, and said why: meets the target, but no number says so.</summary>
    LeftAlone,

    /// <summary>Has no target.</summary>
    Shown,

    /// <summary>What it needs is absent.</summary>
    NotMeasured,
}

/// <summary>One line of the table.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Target">What should come out; empty where nothing is asked.</param>
/// <param name="Measured">What came out, or why nothing did.</param>
/// <param name="Verdict">Whether the one meets the other.</param>
/// <param name="Samples">Everything that was measured, for the JSON file.</param>
internal sealed record Line(string What, string Target, string Measured, Verdict Verdict, object? Samples)
{
    public static Line Of(string what, string target, string measured, bool held, object samples) =>
        new(what, target, measured, held ? Verdict.Held : Verdict.Missed, samples);

    public static Line Shown(string what, string measured, object samples) => new(what, "", measured, Verdict.Shown, samples);

    public static Line LeftAlone(string what, string target, string why, object samples) => new(what, target, "left alone: " + why, Verdict.LeftAlone, samples);

    public static Line NotMeasured(string what, string target, string why) => new(what, target, "not measured: " + why, Verdict.NotMeasured, null);
}
