using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cleave.TestKit;
using Microsoft.ML.OnnxRuntime;
using Spectre.Console;

namespace Cleave.Benchmarks.Harness;

/// <summary>Runs a suite, prints its table, and writes every sample to artifacts/bench/NAME.json.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    /// <summary>Returns the exit code: 1 where a line falls short, and where nothing was measured.</summary>
    public static int Run(string name, IReadOnlyList<IFamily> families, BenchOptions options)
    {
        List<Line> lines = [];
        string file = Path.Combine(BenchFolder(), name + ".json");
        void Save() => File.WriteAllText(file, JsonSerializer.Serialize(new { Machine = Machine(), options.Quick, options.Only, Lines = lines }, Format));
        Save();
        foreach (IFamily family in families.Where(f => options.Only is null || f.GetType().Name == options.Only))
        {
            AnsiConsole.MarkupLineInterpolated($"{family.GetType().Name} …");
            Measure(family, options, line =>
            {
                // A suite takes long: who ends it early has what there is.
                lines.Add(line);
                Save();
                AnsiConsole.MarkupLineInterpolated($"  {line.What}: {line.Measured}");
            });
        }
        AnsiConsole.Write(Table(lines));
        AnsiConsole.MarkupLineInterpolated($"samples: {Path.GetRelativePath(Environment.CurrentDirectory, file)}");
        bool measured = lines.Any(l => l.Verdict != Verdict.NotMeasured);
        return measured && lines.All(l => l.Verdict != Verdict.Missed) ? 0 : 1;
    }

    /// <summary>artifacts/bench, made where it is absent.</summary>
    public static string BenchFolder() =>
        Directory.CreateDirectory(Path.Combine(SharedModels.Repository, "artifacts", "bench")).FullName;

    // What a family has measured before it fails is kept; the failure is a line of its own.
    private static void Measure(IFamily family, BenchOptions options, Action<Line> take)
    {
        try
        {
            foreach (Line line in family.Measure(options))
                take(line);
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(e);
            take(new Line(family.GetType().Name, "measured", "failed: " + e.Message.Split('\n')[0], Verdict.Missed, e.ToString()));
        }
    }

    private static Table Table(IEnumerable<Line> lines)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns("what", "target", "measured", "");
        foreach (Line line in lines)
            table.AddRow(new Text(line.What), new Text(line.Target), new Text(line.Measured), Mark(line.Verdict));
        return table;
    }

    private static Text Mark(Verdict verdict) => verdict switch
    {
        Verdict.Held => new Text("held", new Style(Color.Green)),
        Verdict.Missed => new Text("MISSED", new Style(Color.Red)),
        Verdict.LeftAlone => new Text("left alone"),
        Verdict.NotMeasured => new Text("not measured"),
        _ => new Text(""),
    };

    private static object Machine() => new
    {
        System = RuntimeInformation.OSDescription,
        Runtime = RuntimeInformation.FrameworkDescription,
        Cores = Environment.ProcessorCount,
        OnnxRuntime = OrtEnv.Instance().GetVersionString(),
    };
}
