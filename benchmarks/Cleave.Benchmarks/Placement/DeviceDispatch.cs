using System.Collections.Generic;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Placement;

/// <summary>What a runner on an emulated accelerator would be held to. Runners do not dispatch to devices yet, so nothing can be measured; the lines stand here so that nobody takes the table for whole.</summary>
internal sealed class DeviceDispatch : IFamily
{
    private const string Why = "runners do not dispatch to devices yet";

    public IEnumerable<Line> Measure(BenchOptions options) =>
    [
        Line.NotMeasured("emulated accelerator: achieved against predicted makespan", "within 10 %", Why),
        Line.NotMeasured("copies across devices per request", "exactly those planned", Why),
    ];

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;
}
