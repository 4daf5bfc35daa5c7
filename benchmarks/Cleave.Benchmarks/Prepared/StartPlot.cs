using System.Collections.Generic;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Cleave.Benchmarks.Prepared;

/// <summary>Draws how long starts take by hand and with prepared models: the picture of docs/prepared.md.</summary>
internal static class StartPlot
{
    private const int Width = 760;
    private const int PerModel = 70;
    private const int Around = 110;

    /// <param name="models">Each model's samples.</param>
    /// <param name="bars">What is drawn: the words, the candidate, and which of its times.</param>
    /// <param name="path">The SVG file.</param>
    public static void Write(IReadOnlyList<(string Model, StartSamples Samples)> models, IReadOnlyList<(string Words, string Candidate, int Time)> bars, string path)
    {
        PlotModel plot = SvgPlot.New();
        plot.Legends.Add(new Legend { LegendPosition = LegendPosition.TopCenter, LegendPlacement = LegendPlacement.Outside, LegendOrientation = LegendOrientation.Horizontal });
        // Wide enough for the longest name: an SVG's writer does not know how wide a reader's letters are.
        plot.PlotMargins = new OxyThickness(128, double.NaN, double.NaN, double.NaN);
        // The first on top.
        CategoryAxis categories = new() { Position = AxisPosition.Left, StartPosition = 1, EndPosition = 0, GapWidth = 0.4 };
        categories.Labels.AddRange(models.Select(static m => m.Model.Replace("light_", "").Replace("_random", "")));
        plot.Axes.Add(categories);
        plot.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Title = "milliseconds", Minimum = 0, MajorGridlineStyle = LineStyle.Dot });
        foreach ((string words, string candidate, int time) in bars)
        {
            BarSeries series = new() { Title = words, LabelFormatString = "{0:0}", LabelPlacement = LabelPlacement.Inside };
            for (int model = 0; model < models.Count; model++)
                series.Items.Add(new BarItem(Statistics.Median(models[model].Samples.At(candidate, time)), model));
            plot.Series.Add(series);
        }
        SvgPlot.Write(plot, Width, Around + (PerModel * models.Count), path);
    }
}
