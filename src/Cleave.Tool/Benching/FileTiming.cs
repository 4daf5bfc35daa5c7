using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Tool.Benching;

/// <summary>Measures model files against each other, as published and as they were changed: interleaved, each in a process of its own, shortly.</summary>
internal sealed class FileTiming
{
    private static readonly MeasureSettings Short = new()
    {
        Rounds = 10,
        LeastCalls = 3,
        LeastTime = TimeSpan.FromMilliseconds(40),
        WarmUp = TimeSpan.FromMilliseconds(300),
    };

    private static readonly OrtConfiguration OneThread = new(1, Spinning.Off, Parallel: false, Callers: 1);

    private readonly Samples _samples;

    private FileTiming(Samples samples) => _samples = samples;

    /// <summary>Why there are no numbers, or not all; null where there are.</summary>
    public string? Failure => _samples.Failures.Count == 0 ? null : _samples.Failures.OrderBy(f => f.Key, StringComparer.Ordinal).First().Value.Message;

    /// <param name="models">Files and what they are called; for each the sizes of dimensions that only it leaves open.</param>
    /// <param name="inputs">Inputs that all of them take.</param>
    /// <param name="sample">The sizes of these inputs.</param>
    /// <param name="progress">Told what is being done, and how much of all is done.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static FileTiming Measure(
        IReadOnlyList<(string Name, string Path, IReadOnlyDictionary<string, long> More)> models, InputCase inputs, DimensionSample sample,
        Action<string, double> progress, CancellationToken cancellationToken)
    {
        Dictionary<string, string> fills = inputs.Values.Where(v => Number(v.Value) != null).ToDictionary(v => v.Key, v => Number(v.Value)!, StringComparer.Ordinal);
        Candidate[] candidates = [.. models.Select(m => BenchWorkloads.OfSession(m.Name, m.Path, new BenchOptions(
            sample.Sizes.Concat(m.More).ToDictionary(s => s.Key, s => s.Value.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal), fills, [1], [1], null, false), OneThread))];
        WorkerHost host = new(typeof(FileTiming).Assembly);
        Func<Measurement> measurement = () => new(c => new WorkerProcess(host, c.Workload, c.Arguments), Short,
            p => progress("measuring " + p.What, p.Of == 0 ? 0 : (double)p.Done / p.Of));
        Samples samples = measurement().Run(candidates, cancellationToken);

        // In so short a measurement some process did not come to rest in time once in five times or so: then all are measured once more.
        if (samples.Failures.Count != 0)
            samples = measurement().Run(candidates, cancellationToken);
        return new FileTiming(samples);
    }

    /// <summary>Null where one of them could not be measured.</summary>
    public Gain? GainOf(string before, string after) => _samples.Blocks.ContainsKey(before) && _samples.Blocks.ContainsKey(after)
        ? new Gain(_samples.Median(before), _samples.Median(after), _samples.Ratio(before, after))
        : null;

    // One whole number says what a model does (a rate, a mode): any other one may be another load.
    private static string? Number(TensorCopy tensor)
    {
        if (tensor.Count != 1)
            return null;
        return tensor.Type switch
        {
            ElementType.Int64 => BitConverter.ToInt64(tensor.Bytes).ToString(CultureInfo.InvariantCulture),
            ElementType.Int32 => BitConverter.ToInt32(tensor.Bytes).ToString(CultureInfo.InvariantCulture),
            ElementType.Bool => tensor.Bytes[0].ToString(CultureInfo.InvariantCulture),
            _ => null,
        };
    }
}
