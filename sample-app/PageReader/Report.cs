using System.Globalization;
using PageReader.Reading;
using Spectre.Console;

namespace PageReader;

/// <summary>Shows results as tables. Nothing that a path or a message holds may steer the terminal or break a line.</summary>
internal sealed class Report(IAnsiConsole console)
{
    private const float Doubtful = 0.75f;

    public void Text(string path, Scan scan)
    {
        IReadOnlyList<(string Text, float Confidence)> rows = scan.Rows();
        console.MarkupLineInterpolated($"[bold]{OneLine(Path.GetFileName(path))}[/]  {scan.Page.Image.Width} x {scan.Page.Image.Height} pixels, {scan.Page.Lines.Count} lines{(scan.WasTurned ? "; it stood on its head, and was turned" : "")}");
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("Text").AddColumn(new TableColumn("Confidence").RightAligned());
        foreach ((string text, float confidence) in rows)
            table.AddRow(new Text(text), new Text(Percent(confidence)));
        console.Write(table);
        float mean = rows.Average(r => r.Confidence);
        if (mean < Doubtful)
            console.WriteLine("The recognisers are unsure: perhaps no printed page, or a kind of print that they were not trained on.");
    }

    // Not by the table's console, which folds long lines: a path is there to be copied.
    public void Picture(string path)
    {
        Console.WriteLine("With boxes: " + OneLine(path));
        Console.WriteLine();
    }

    public void Error(string message) => Console.Error.WriteLine("PageReader: " + OneLine(message));

    /// <summary>Shows how far something is that takes a while.</summary>
    public Task<T> ProgressAsync<T>(string what, int rounds, Func<Action, Task<T>> work) => console.Progress().AutoClear(true).StartAsync(context =>
    {
        ProgressTask task = context.AddTask(what, maxValue: rounds);
        return work(() => task.Increment(1));
    });

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
        console.WriteLine($"One line of the middle length by CreateCall, its pixels already in the buffer: {Milliseconds(times.OneCall)}");

        void Row(string way, TimeSpan time) => table.AddRow(
            new Text(way), new Text(Milliseconds(time)), new Text((time / times.RunMany).ToString("F2", CultureInfo.InvariantCulture) + "x as fast"));
    }

    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    private static string Percent(float part) => (part * 100).ToString("F1", CultureInfo.InvariantCulture) + " %";

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("F1", CultureInfo.InvariantCulture) + " ms";
}
