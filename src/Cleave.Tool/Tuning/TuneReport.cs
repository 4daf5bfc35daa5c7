using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Serialization;

namespace Cleave.Tool.Tuning;

/// <summary>What <c>cleave tune</c> measured. Its JSON is described in docs/tuning.md.</summary>
/// <param name="Model">The path as it was passed.</param>
/// <param name="Requests">The sizes of requests, each with the ways to run it.</param>
/// <param name="IsComplete">Whether everything was measured that was to be.</param>
/// <param name="File">The tuning file; null where it could not be written.</param>
/// <param name="Notes">What could not be measured or written, and why.</param>
/// <param name="Cores">The cores that it was tuned for.</param>
internal sealed record TuneReport(string Model, IReadOnlyList<TunedRequestReport> Requests, bool IsComplete, string? File, IReadOnlyList<string> Notes, int Cores)
{
    [JsonPropertyOrder(-1)]
    public int Format { get; init; } = 1;

    public static TuneReport Of(string model, TuningResult result, int cores) =>
        new(model, [.. result.Requests.Select(static r => new TunedRequestReport(r.Dimensions, [.. r.Times.Select(TunedTimeReport.Of)], TunedTimeReport.Of(r.Best)))], result.IsComplete, result.File, result.Notes, cores);
}

/// <param name="Dimensions">The size, as <c>batch=1,sequence=128</c>.</param>
/// <param name="Times">The ways to run it; the first is the one that would run without tuning.</param>
/// <param name="Best">The one by which the plan is chosen that a runner opens: more cores count from 2 % on. Among the modes that are open, requests take more cores from 5 % on.</param>
internal sealed record TunedRequestReport(string Dimensions, IReadOnlyList<TunedTimeReport> Times, TunedTimeReport Best);

/// <param name="Mode">The plan, and the threads of its lanes.</param>
/// <param name="Nanoseconds">The median.</param>
/// <param name="Speed">How many times as fast it is as the first.</param>
/// <param name="Rounds">How often the two were compared, in turns.</param>
internal sealed record TunedTimeReport(string Mode, double Nanoseconds, double Speed, int Rounds)
{
    public static TunedTimeReport Of(TuningTime time) => new(time.Mode, time.Median.TotalNanoseconds, time.Speed, time.Rounds);
}
