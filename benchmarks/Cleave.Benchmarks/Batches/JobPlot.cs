using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Cleave.Benchmarks.Batches;

/// <summary>Draws how long jobs take by hand, as multiples of what <c>RunManyAsync</c> takes: the picture of docs/parts.md.</summary>
internal static class JobPlot
{
    private const int Width = 760;
    private const int PerJob = 70;
    private const int Around = 110;

    /// <param name="jobs">Each job's samples, by candidate.</param>
    /// <param name="path">The SVG file.</param>
    public static void Write(IReadOnlyList<(string Words, Samples Samples)> jobs, string path)
    {
        PlotModel plot = SvgPlot.New();
        plot.Legends.Add(new Legend { LegendPosition = LegendPosition.TopCenter, LegendPlacement = LegendPlacement.Outside, LegendOrientation = LegendOrientation.Horizontal });
        // The first on top.
        CategoryAxis categories = new() { Position = AxisPosition.Left, StartPosition = 1, EndPosition = 0, GapWidth = 0.4 };
        categories.Labels.AddRange(jobs.Select(j => j.Words));
        plot.Axes.Add(categories);
        plot.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Title = "time, RunManyAsync = 1", Minimum = 0, MajorGridlineStyle = LineStyle.Dot });
        foreach (string candidate in jobs.SelectMany(j => j.Samples.Blocks.Keys).Distinct(StringComparer.Ordinal))
        {
            BarSeries bars = new() { Title = candidate, LabelFormatString = "{0:0.0}", LabelPlacement = LabelPlacement.Inside };
            for (int job = 0; job < jobs.Count; job++)
            {
                if (jobs[job].Samples.Blocks.ContainsKey(candidate))
                    bars.Items.Add(new BarItem(jobs[job].Samples.Ratio(candidate, JobWorkload.Divided).Median, job));
            }
            plot.Series.Add(bars);
        }
        SvgPlot.Write(plot, Width, Around + (PerJob * jobs.Count), path);
    }
}
