using System.Collections.Generic;
using System.IO;
using Cleave.Tool.Quantizing.Search;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace Cleave.Tool.Quantizing;

/// <summary>Draws what was tried: time of a run against error, and the budget.</summary>
internal static class ErrorCurve
{
    private const int Width = 640;
    private const int Height = 400;
    private const double NanosecondsPerMillisecond = 1e6;

    public static void Write(IReadOnlyList<CurvePoint> points, double budget, string path)
    {
        PlotModel plot = new() { DefaultFont = "sans-serif", Background = OxyColors.White, PlotAreaBorderThickness = new OxyThickness(1, 0, 0, 1) };
        plot.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Title = "milliseconds of a run, one thread", Minimum = 0, MajorGridlineStyle = LineStyle.Dot });
        plot.Axes.Add(new LinearAxis { Position = AxisPosition.Left, Title = "relative error on the worst input", Minimum = 0, MajorGridlineStyle = LineStyle.Dot });
        LineSeries line = new() { MarkerType = MarkerType.Circle, LineStyle = LineStyle.None };
        foreach (CurvePoint point in points)
        {
            line.Points.Add(new DataPoint(point.Nanoseconds / NanosecondsPerMillisecond, point.Error));
            plot.Annotations.Add(new TextAnnotation
            {
                Text = point.Operators.ToString(System.Globalization.CultureInfo.InvariantCulture),
                TextPosition = new DataPoint(point.Nanoseconds / NanosecondsPerMillisecond, point.Error),
                StrokeThickness = 0,
            });
        }
        plot.Series.Add(line);
        plot.Annotations.Add(new LineAnnotation { Type = LineAnnotationType.Horizontal, Y = budget, Text = "budget", LineStyle = LineStyle.Dash });
        using FileStream file = File.Create(path);
        new SvgExporter { Width = Width, Height = Height }.Export(plot, file);
    }
}
