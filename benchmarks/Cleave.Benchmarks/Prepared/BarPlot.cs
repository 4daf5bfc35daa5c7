using System.Collections.Generic;
using System.Linq;
using Cleave.Benchmarks.Harness;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Cleave.Benchmarks.Prepared;

/// <summary>Draws what models take by hand and prepared, start time or memory: the pictures of docs/prepared.md.</summary>
internal static class BarPlot
{
    private const int Width = 760;
    private const int PerModel = 70;
    private const int Around = 110;

    /// <param name="models">Their names.</param>
    /// <param name="unit">What the bars are in.</param>
    /// <param name="bars">What is drawn: the words, and a length for each model.</param>
    /// <param name="path">The SVG file.</param>
    public static void Write(IReadOnlyList<string> models, string unit, IReadOnlyList<(string Words, double[] Lengths)> bars, string path)
    {
        PlotModel plot = SvgPlot.New();
        plot.Legends.Add(new Legend { LegendPosition = LegendPosition.TopCenter, LegendPlacement = LegendPlacement.Outside, LegendOrientation = LegendOrientation.Horizontal });
        // Wide enough for the longest name: an SVG's writer does not know how wide a reader's letters are.
        plot.PlotMargins = new OxyThickness(128, double.NaN, double.NaN, double.NaN);
        // The first on top.
        CategoryAxis categories = new() { Position = AxisPosition.Left, StartPosition = 1, EndPosition = 0, GapWidth = 0.4 };
        categories.Labels.AddRange(models.Select(static m => m.Replace("light_", "").Replace("_random", "")));
        plot.Axes.Add(categories);
        plot.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Title = unit, Minimum = 0, MajorGridlineStyle = LineStyle.Dot });
        foreach ((string words, double[] lengths) in bars)
        {
            BarSeries series = new() { Title = words, LabelFormatString = "{0:0}", LabelPlacement = LabelPlacement.Inside };
            for (int model = 0; model < models.Count; model++)
                series.Items.Add(new BarItem(lengths[model], model));
            plot.Series.Add(series);
        }
        SvgPlot.Write(plot, Width, Around + (PerModel * models.Count), path);
    }
}
