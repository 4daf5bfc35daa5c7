using System.Collections.Generic;
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

    public static Table Headed(params IEnumerable<string> headings)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string heading in headings)
            table.AddColumn(new TableColumn(new Text(heading)));
        return table;
    }

    public static void Add(Table table, params IEnumerable<string> cells) => table.AddRow(cells.Select(static c => new Text(Terminal.Safe(c))));
}
