using System.Collections.Generic;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Cleave.Benchmarks.Ledger;

/// <summary>Draws the service's throughput by clients, one line for each set-up: the picture of docs/threads.md.</summary>
internal static class ServicePlot
{
    private const int Width = 720;
    private const int Height = 420;

    /// <param name="points">By clients: every set-up's samples.</param>
    /// <param name="path">The SVG file.</param>
    public static void Write(IReadOnlyList<(int Clients, Samples Samples)> points, string path)
    {
        PlotModel plot = SvgPlot.New();
        plot.Legends.Add(new Legend { LegendPosition = LegendPosition.RightTop, LegendPlacement = LegendPlacement.Outside, LegendLineSpacing = 8 });
        plot.Axes.Add(new LogarithmicAxis { Position = AxisPosition.Bottom, Base = 2, Title = "clients", Minimum = 0.9, Maximum = 9 });
        plot.Axes.Add(new LinearAxis { Position = AxisPosition.Left, Title = "requests a second", Minimum = 0, MajorGridlineStyle = LineStyle.Dot });
        foreach (string name in points[0].Samples.Blocks.Keys.Where(n => points.All(p => p.Samples.Blocks.ContainsKey(n))))
        {
            bool ours = name == Service.Ours;
            LineSeries line = new() { Title = name, StrokeThickness = ours ? 3 : 1.5, MarkerType = ours ? MarkerType.Circle : MarkerType.Square, MarkerSize = ours ? 5 : 3 };
            line.Points.AddRange(points.Select(p => new DataPoint(p.Clients, Statistics.Median(Service.Throughput(p.Samples, name, p.Clients)))));
            plot.Series.Add(line);
        }
        SvgPlot.Write(plot, Width, Height, path);
    }
}
