using System;
using System.Collections.Generic;
using System.Globalization;

namespace Cleave;

/// <summary>What tuning measured (<see href="https://github.com/cleave-net/cleave/blob/main/docs/tuning.md">Tuning</see>). Immutable.</summary>
/// <param name="Requests">The sizes of requests, each with the ways to run it.</param>
/// <param name="IsComplete">Whether everything was measured that was to be. If not, a further call goes on.</param>
/// <param name="File">The tuning file that it was written to; null where it could not be.</param>
/// <param name="Notes">What could not be measured or written, and why.</param>
public sealed record TuningResult(IReadOnlyList<TuningRequest> Requests, bool IsComplete, string? File, IReadOnlyList<string> Notes)
{
    /// <summary>A line for each size of request: the speed of each way, by that which would run without tuning, and the best.</summary>
    public override string ToString() => string.Join("\n", Requests);
}

/// <summary>What was measured for requests of one size.</summary>
/// <param name="Dimensions">The size, as <c>batch=1,sequence=128</c>.</param>
/// <param name="Times">The ways to run it; the first is the one that would run without tuning.</param>
/// <param name="Best">The fastest; one with fewer cores where more gain less than 2 %.</param>
public sealed record TuningRequest(string Dimensions, IReadOnlyList<TuningTime> Times, TuningTime Best)
{
    /// <summary>As <c>batch=1: TwoLanes 1+1 1.00x, Whole 2 1.31x: Whole 2</c>.</summary>
    public override string ToString() => Dimensions + ": " + string.Join(", ", Times) + ": " + Best.Mode;
}

/// <summary>One way to run a request.</summary>
/// <param name="Mode">The plan, and the threads of its lanes.</param>
/// <param name="Median">The median time.</param>
/// <param name="Speed">How many times as fast it is as the first.</param>
/// <param name="Rounds">How often the two were compared, in turns.</param>
public sealed record TuningTime(string Mode, TimeSpan Median, double Speed, int Rounds)
{
    /// <summary>As <c>Whole 2 1.31x</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Mode} {Speed:0.00}x");
}

/// <summary>What is measured now.</summary>
/// <param name="Mode">The plan, and the threads of its lanes.</param>
/// <param name="Dimensions">The size of the request.</param>
/// <param name="Done">How many measurements are done.</param>
/// <param name="All">How many there are.</param>
public sealed record TuningStep(string Mode, string Dimensions, int Done, int All);
