using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Ledger;

/// <summary>Two runners that are each planned for all cores: loaded together, and one after the other.</summary>
internal sealed class TwoRunners : IFamily
{
    private const string Model = "light_squeezenet_random";
    private const int Requests = 20;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (!TestKit.SharedModels.Exist)
            return [Line.NotMeasured("two runners", ">= 0.95x", "the shared models are absent")];
        string[] arguments = PlannedRunner.Arguments(Model);
        Candidate[] candidates = [new("together", "two-runners", ["together", .. arguments]) { IsJudged = true }, new("one after the other", "two-runners", ["after", .. arguments])];
        (Samples samples, Interval ratio, bool holds) = Claims.NoLoss(
            () => Interleaved.Measure(candidates, options.Blocks(3)), s => s.Ratio("together", "one after the other"), limit: 1 / 0.95);
        return
        [
            Line.Of($"two runners, each planned for all cores, loaded together against one after the other: {Model}, throughput", ">= 0.95x",
                string.Create(CultureInfo.InvariantCulture, $"{1 / ratio.Median:0.00}x ({samples.Median("together") / 1e3:0} and {samples.Median("one after the other") / 1e3:0} us a request)"), holds, samples),
        ];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name == "two-runners" ? new Two(arguments[0] == "together", arguments[1..]) : null;

    /// <summary>Each timing is that of many requests of both, divided by their number.</summary>
    private sealed class Two : IWorkload
    {
        private readonly bool _together;
        private readonly PlannedRunner[] _runners;
        private readonly Action[] _calls;

        public Two(bool together, string[] arguments)
        {
            Func<PlannedRunner> make = PlannedRunner.Of(arguments);
            _together = together;
            _runners = [make(), make()];
            _calls = Array.ConvertAll(_runners, static r => r.NewCall());
        }

        public void Block(double[] nanoseconds)
        {
            for (int i = 0; i < nanoseconds.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                if (_together)
                {
                    PlannedRunner.RunTogether(_calls, Requests);
                }
                else
                {
                    foreach (Action call in _calls)
                        PlannedRunner.RunTogether([call], Requests);
                }
                nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / (Requests * _calls.Length);
            }
        }

        public void Dispose() => Array.ForEach(_runners, static r => r.Dispose());
    }
}
