using System.Globalization;
using LabelReader.Imaging;
using LabelReader.Reading;
using Spectre.Console;

namespace LabelReader;

/// <summary>Shows a result as a table.</summary>
internal static class Report
{
    public static void Show(IAnsiConsole console, string path, GrayImage image, ScanResult result)
    {
        console.MarkupLineInterpolated($"[bold]{Path.GetFileName(path)}[/]  {image.Width} x {image.Height} pixels, {result.Glyphs} characters");
        Table table = new Table().Border(TableBorder.Rounded)
            .AddColumn("Line")
            .AddColumn(new TableColumn("Confidence").RightAligned())
            .AddColumn(new TableColumn("Least sure").RightAligned());
        foreach (ReadLine line in result.Lines)
            table.AddRow(new Text(line.Text), new Text(Percent(line.Confidence)), new Text(Percent(line.LeastConfidence)));
        console.Write(table);

        float mean = result.Lines.Sum(l => l.Confidence * l.Glyphs) / result.Glyphs;
        double each = result.Scoring.TotalMicroseconds / result.Glyphs;
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Mean confidence {Percent(mean)}. Characters found in {result.Finding.TotalMilliseconds:F1} ms, scored in {result.Scoring.TotalMilliseconds:F2} ms ({each:F0} µs each)."));
    }

    private static string Percent(float part) => string.Create(CultureInfo.InvariantCulture, $"{part * 100:F1} %");
}
