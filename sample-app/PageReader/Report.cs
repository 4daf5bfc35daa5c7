using System.Globalization;
using Spectre.Console;

namespace PageReader;

/// <summary>Shows results as tables.</summary>
internal sealed class Report(IAnsiConsole console)
{
    private const float Doubtful = 0.75f;

    public void Text(string path, Scan scan, string annotated)
    {
        IReadOnlyList<(string Text, float Confidence)> rows = scan.Rows();
        console.MarkupLineInterpolated($"[bold]{Path.GetFileName(path)}[/]  {scan.Page.Image.Width} x {scan.Page.Image.Height} pixels, {scan.Page.Lines.Count} lines{(scan.WasTurned ? "; it stood on its head, and was turned" : "")}");
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("Text").AddColumn(new TableColumn("Confidence").RightAligned());
        foreach ((string text, float confidence) in rows)
            table.AddRow(new Text(text), new Text(Percent(confidence)));
        console.Write(table);
        float mean = rows.Average(r => r.Confidence);
        if (mean < Doubtful)
            console.WriteLine("The recognisers are unsure: perhaps no printed page, or a kind of print that they were not trained on.");
        console.WriteLine("With boxes: " + annotated);
        console.WriteLine();
    }

    public void Times(WaysTimes times)
    {
        Table table = new Table().Border(TableBorder.Rounded)
            .AddColumn(string.Create(CultureInfo.InvariantCulture, $"The same {times.Lines} lines by one recogniser"))
            .AddColumn(new TableColumn("Time").RightAligned())
            .AddColumn(new TableColumn("RunManyAsync is").RightAligned());
        Row("a loop over Run", times.Loop);
        Row("batches of 8, sorted by width and padded", times.PaddedBatches);
        table.AddRow(new Text("RunManyAsync"), new Text(Milliseconds(times.RunMany)), new Text(""));
        console.Write(table);
        console.WriteLine($"One line of the middle length by CreateCall, nothing copied: {Milliseconds(times.OneCall)}");

        void Row(string way, TimeSpan time) => table.AddRow(
            new Text(way), new Text(Milliseconds(time)), new Text((time / times.RunMany).ToString("F2", CultureInfo.InvariantCulture) + "x as fast"));
    }

    private static string Percent(float part) => (part * 100).ToString("F1", CultureInfo.InvariantCulture) + " %";

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("F1", CultureInfo.InvariantCulture) + " ms";
}
