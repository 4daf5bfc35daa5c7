using System.IO;
using OxyPlot;

namespace Cleave.Benchmarks.Harness;

/// <summary>What the plots of the documentation have in common.</summary>
internal static class SvgPlot
{
    /// <summary>A plot without anything in it.</summary>
    public static PlotModel New() => new() { DefaultFont = "sans-serif", Background = OxyColors.White, PlotAreaBorderThickness = new OxyThickness(1, 0, 0, 1) };

    /// <summary>Writes it.</summary>
    public static void Write(PlotModel plot, int width, int height, string path)
    {
        using FileStream file = File.Create(path);
        new SvgExporter { Width = width, Height = height }.Export(plot, file);
    }
}
