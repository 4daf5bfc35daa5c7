using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Prepared;

/// <summary>
/// How long a start takes with prepared models against ONNX Runtime's defaults. Each sample is a process of its own, the candidates in turns; a small model was
/// opened and run in the same way before, so that what is measured is neither the loading of ONNX Runtime nor the compilation of code.
/// </summary>
internal sealed class PreparedStart : IFamily
{
    private const int Rounds = 15;
    private const int Created = 0;
    private const int FirstRun = 1;
    private const int SinceProcess = 2;
    private const string Warm = "warm";
    private static readonly string[] Small = ["ultraface_rfb_320", "light_shufflenet_random", "light_squeezenet_random", "dtln_1", "ppocrv3_det_en"];

    private static readonly (string, string, int)[] Bars =
    [
        ("sessions, by hand", "by hand", Created), ("sessions, prepared", "prepared", Created),
        ("first result, by hand", "by hand", FirstRun), ("first result, prepared", "prepared", FirstRun),
    ];

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        PreparedCase warm = PreparedCase.Make(ModelCatalog.Get(Starts.WarmedWith)).Case;
        List<(string, StartSamples)> drawn = [];
        foreach ((string model, PreparedCase? found, string why) in PreparedCase.Of(PreparedCase.Four.Concat(Small).Where(options.Has)))
        {
            if (found is not { } prepared)
            {
                yield return Line.NotMeasured("creation of " + model, "", why);
                continue;
            }
            if (PreparedCase.Four.Contains(model))
            {
                StartSamples samples = Large(prepared, warm, options);
                drawn.Add((model, samples));
                foreach (Line line in Lines(model, samples))
                    yield return line;
            }
            else
            {
                foreach (Line line in One(prepared, warm, options))
                    yield return line;
            }
        }
        if (drawn.Count > 0)
        {
            BarPlot.Write([.. drawn.Select(static d => d.Item1)], "milliseconds",
                [.. Bars.Select(bar => (bar.Item1, drawn.Select(d => Statistics.Median(d.Item2.At(bar.Item2, bar.Item3))).ToArray()))], Path.Combine(Report.BenchFolder(), "starts.svg"));
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "start-hand" => new StartWorkload(Starts.Hand(arguments[1..], warm: arguments[0] == Warm)),
        "start-runner" => new StartWorkload(Starts.Runner(arguments[2..], folder: arguments[1], warm: arguments[0]), check: Starts.Check(arguments[1])),
        "start-hand-from-disk" => new StartWorkload(Starts.Hand(arguments, warm: true), () => Drop(arguments[0])),
        "start-runner-from-disk" => new StartWorkload(Starts.Runner(arguments[2..], folder: arguments[1], warm: arguments[0]), () => Drop(arguments[2], arguments[1]), Starts.Check(arguments[1])),
        _ => null,
    };

    private static StartSamples Large(PreparedCase prepared, PreparedCase warm, Harness.BenchOptions options)
    {
        using ReadOnlyFolder copy = new(prepared.Folder);
        Dictionary<string, (string, string[])> candidates = new(StringComparer.Ordinal)
        {
            ["by hand"] = ("start-hand", [Warm, .. prepared.Arguments]),
            ["prepared"] = ("start-runner", [warm.Folder, prepared.Folder, .. prepared.Arguments]),
            ["copied"] = ("start-runner", [warm.Folder, copy.Path, .. prepared.Arguments]),
            ["plain runner"] = ("start-runner", [warm.Folder, "", .. prepared.Arguments]),
            ["by hand, cold"] = ("start-hand", ["", .. prepared.Arguments]),
            ["prepared, cold"] = ("start-runner", ["", prepared.Folder, .. prepared.Arguments]),
        };
        StartSamples samples = StartSamples.Take(candidates, options.Rounds(Rounds));
        if (!PageCache.CanDrop)
            return samples;
        // Afterwards: whoever started next would read from disk what these have dropped.
        StartSamples fromDisk = StartSamples.Take(new(StringComparer.Ordinal)
        {
            ["by hand, from disk"] = ("start-hand-from-disk", prepared.Arguments),
            ["prepared, from disk"] = ("start-runner-from-disk", [warm.Folder, prepared.Folder, .. prepared.Arguments]),
        }, options.Rounds(Rounds));
        return new StartSamples(samples.Milliseconds.Concat(fromDisk.Milliseconds).ToDictionary(StringComparer.Ordinal));
    }

    // The model, with what lies beside it under its name, and what was prepared.
    private static void Drop(string path, string? folder = null)
    {
        PageCache.Drop(Path.GetDirectoryName(path)!, Path.GetFileNameWithoutExtension(path) + "*");
        if (folder != null)
            PageCache.Drop(folder);
    }

    private static IEnumerable<Line> Lines(string model, StartSamples samples) =>
    [
        samples.Compare($"until all sessions exist, prepared against new InferenceSession(path): {model}", "prepared", "by hand", Created, 0.35),
        samples.Compare($"the same, the entries copied to a read-only folder: {model}", "copied", "by hand", Created, 0.45),
        samples.Compare($"from the constructor's call to the end of the first Run, the recorded request included: {model}", "prepared", "by hand", FirstRun, 0.7),
        samples.Show($"the same against a runner without prepared models: {model}", "prepared", "plain runner", FirstRun),
        samples.Show($"to the end of the first Run where no code is compiled yet: {model}", "prepared, cold", "by hand, cold", FirstRun),
        samples.Show($"from the start of the process, this benchmark's own share included, but not planning, to the end of the first Run: {model}", "prepared, cold", "by hand, cold", SinceProcess),
        FromDisk(model, samples, Created, "until all sessions exist"),
        FromDisk(model, samples, FirstRun, "to the end of the first Run"),
    ];

    private static Line FromDisk(string model, StartSamples samples, int time, string what)
    {
        string words = $"{what}, with the model's files and the prepared ones out of the page cache: {model}";
        return PageCache.CanDrop ? samples.Show(words, "prepared, from disk", "by hand, from disk", time) : Line.NotMeasured(words, "", "only Linux drops files from its page cache");
    }

    private static IEnumerable<Line> One(PreparedCase prepared, PreparedCase warm, Harness.BenchOptions options)
    {
        StartSamples samples = StartSamples.Take(new(StringComparer.Ordinal)
        {
            ["by hand"] = ("start-hand", [Warm, .. prepared.Arguments]),
            ["prepared"] = ("start-runner", [warm.Folder, prepared.Folder, .. prepared.Arguments]),
        }, options.Rounds(Rounds));
        yield return samples.Compare($"until all sessions exist, prepared against new InferenceSession(path): {prepared.Name}", "prepared", "by hand", Created, 0.8);
        yield return samples.Show($"from the constructor's call to the end of the first Run: {prepared.Name}", "prepared", "by hand", FirstRun);
    }
}
