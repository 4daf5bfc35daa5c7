using System.Globalization;
using LabelReader.Imaging;
using LabelReader.Reading;
using Spectre.Console;

namespace LabelReader;

/// <summary>Shows a result as a table.</summary>
internal static class Report
{
    private const float Doubtful = 0.8f;

    /// <param name="path">The image's file.</param>
    /// <param name="image">The image.</param>
    /// <param name="first">The first scan of the process, which loads the model and compiles code.</param>
    /// <param name="again">The same image once more.</param>
    public static void Show(string path, GrayImage image, ScanResult first, ScanResult again)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        });
        console.MarkupLineInterpolated($"[bold]{Path.GetFileName(path)}[/]  {image.Width} x {image.Height} pixels, {first.Glyphs} characters");
        Table table = new Table().Border(TableBorder.Rounded)
            .AddColumn("Line")
            .AddColumn(new TableColumn("Confidence").RightAligned())
            .AddColumn(new TableColumn("Least sure").RightAligned());
        foreach (ReadLine line in first.Lines)
            table.AddRow(new Text(line.Text), new Text(Percent(line.Confidence)), new Text(Percent(line.LeastConfidence)));
        console.Write(table);

        float mean = first.Lines.Sum(l => l.Confidence * l.Glyphs) / first.Glyphs;
        double each = again.Scoring.TotalMicroseconds / again.Glyphs;
        console.WriteLine($"Mean confidence  {Percent(mean)}{(mean < Doubtful ? "; perhaps no label, or one in another font" : "")}");
        console.WriteLine($"First scan       {Milliseconds(first.Finding + first.Scoring)}, with loading the model");
        console.WriteLine($"Second scan      {Milliseconds(again.Finding + again.Scoring)}, of which the model {Milliseconds(again.Scoring)}: {each.ToString("F0", CultureInfo.InvariantCulture)} µs for each character");
    }

    private static string Percent(float part) => (part * 100).ToString("F1", CultureInfo.InvariantCulture) + " %";

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("F1", CultureInfo.InvariantCulture) + " ms";
}
