using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Spectre.Console;

namespace Cleave.Tool.Output;

/// <summary>Lines and tables whose text is no markup: much of it comes from models.</summary>
internal static class PlainText
{
    public static void Line(IAnsiConsole console, string text)
    {
        console.Write(new Text(Terminal.Safe(text)));
        console.WriteLine();
    }

    /// <summary><c>1 node</c>, <c>2 nodes</c>.</summary>
    /// <param name="number">How many.</param>
    /// <param name="one">What one is called.</param>
    /// <param name="many">What several are called; null: with an s.</param>
    public static string Count(int number, string one, string? many = null) => string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many ?? one + "s")}");

    public static Table Headed(params IEnumerable<string> headings)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string heading in headings)
            table.AddColumn(new TableColumn(new Text(heading)));
        return table;
    }

    public static void Add(Table table, params IEnumerable<string> cells) => table.AddRow(cells.Select(static c => new Text(Terminal.Safe(c))));
}
