namespace Cleave.Ensembles.Serving;

/// <summary>The stages of a batch.</summary>
internal enum BatchStage
{
    Load,
    Predict,
    Send,
}

/// <summary>What a thread of an instance did, for timelines.</summary>
/// <param name="Member">The member.</param>
/// <param name="Instance">Its instance.</param>
/// <param name="Stage">Which stage.</param>
/// <param name="At">The batch's first sample in its request.</param>
/// <param name="Count">Its samples.</param>
/// <param name="Start">As a time stamp of <see cref="System.Diagnostics.Stopwatch"/>.</param>
/// <param name="End">Until when.</param>
internal readonly record struct StageSpan(string Member, string Instance, BatchStage Stage, int At, int Count, long Start, long End);
