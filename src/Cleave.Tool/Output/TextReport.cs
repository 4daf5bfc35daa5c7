using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Tool.Inspection;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cleave.Tool.Output;

/// <summary>Writes a report for people. Text from the model is never parsed as markup.</summary>
internal sealed class TextReport
{
    private const int LongestName = 200;
    private const int LongestDescription = 300;
    private const int MostOperators = 20;
    private const int MostPlaces = 8;

    private static readonly Style Heading = new(decoration: Decoration.Bold);
    private static readonly Style Quiet = new(Color.Grey);
    private static readonly Style Caution = new(Color.Yellow);
    private static readonly Style Bad = new(Color.Red);

    private readonly IAnsiConsole _console;

    private TextReport(IAnsiConsole console) => _console = console;

    public static void Write(ModelReport report, IAnsiConsole console)
    {
        TextReport text = new(console);
        if (report is { About: { } about, Graph: { } graph })
        {
            text.WriteAbout(report.Model, about, graph);
            text.WriteValues("Inputs", graph.Inputs);
            text.WriteValues("Outputs", graph.Outputs);
            text.WriteDimensions(graph.Dimensions);
            text.WriteOperators(graph);
            text.WriteParameters(graph.Parameters);
            text.WriteFunctions(graph.Functions);
            text.WriteInnerValues(graph.Values ?? []);
        }
        text.WriteWeaknesses(report.Weaknesses);
        text.WriteGenerated(report.Generated);
        text.WriteNotes(report.Notes);
        text.WriteProblems(report.Problems);
    }

    private void WriteAbout(string path, AboutReport about, GraphReport graph)
    {
        Line(Name(Path.GetFileName(path)), Heading);
        if (about.Description.Length > 0)
            Line(Terminal.Safe(about.Description, LongestDescription));
        List<string> facts = [];
        if (about.ProducerName.Length > 0)
            facts.Add("made by " + Name((about.ProducerName + " " + about.ProducerVersion).Trim()));
        facts.Add("IR " + Number(graph.IrVersion));
        facts.Add("operator sets " + string.Join(", ", graph.Opsets.Select(o => Name(o.Domain) + " " + Number(o.Version))));
        Line(string.Join("; ", facts));
    }

    private void WriteValues(string title, IReadOnlyList<ValueReport> values)
    {
        Section($"{title} ({Number(values.Count)})");
        Grid grid = Rows(3);
        foreach (ValueReport value in values)
            grid.AddRow(Cell(Name(value.Name)), Cell(Type(value.Type, value.Shape)), Cell(Terminal.Safe(value.Description, LongestDescription), Quiet));
        Show(grid);
    }

    private static string Type(string type, IReadOnlyList<DimensionValue>? shape)
    {
        string dims = shape is null ? "of any shape" : "[" + string.Join(", ", shape.Select(d => Name(d.ToString()))) + "]";
        if (type.StartsWith("tensor(", StringComparison.Ordinal))
            return type["tensor(".Length..^1] + " " + dims;
        return Name(type);
    }

    private void WriteDimensions(IReadOnlyList<DimensionReport> dimensions)
    {
        if (dimensions.Count == 0)
            return;
        Section("Dimensions that a caller or the model chooses");
        Grid grid = Rows(2);
        foreach (DimensionReport dimension in dimensions)
        {
            string places = string.Join(", ", dimension.Places.Take(MostPlaces).Select(Name)) + (dimension.Places.Count > MostPlaces ? ", …" : "");
            grid.AddRow(Cell(Name(dimension.Name)), Cell(places));
        }
        Show(grid);
    }

    private void WriteOperators(GraphReport graph)
    {
        Section($"Operators ({Count(graph.Nodes, "node")} of {Count(graph.Operators.Count, "kind")})");
        IEnumerable<string> words = graph.Operators.Take(MostOperators)
            .Select(o => Number(o.Count) + " " + (o.Domain == "ai.onnx" ? "" : Name(o.Domain) + ".") + Name(o.Name));
        Line("  " + string.Join(", ", words) + (graph.Operators.Count > MostOperators ? ", …" : ""));
    }

    private void WriteParameters(ParametersReport parameters)
    {
        Section($"Parameters ({Count(parameters.Bytes, "byte")} in {Count(parameters.Tensors, "tensor")})");
        Grid grid = Rows(3);
        grid.Columns[1].RightAligned();
        foreach (ElementReport element in parameters.ByType)
            grid.AddRow(Cell(element.Element), Cell(Count(element.Bytes, "byte")), Cell(Count(element.Tensors, "tensor")));
        Show(grid);
        if (parameters.BytesInConstantNodes > 0)
            Line($"  {Count(parameters.BytesInConstantNodes, "byte")} of them in Constant nodes, which costs nothing.");
        if (parameters.ExternalFiles.Count > 0)
            Line("  External files: " + string.Join(", ", parameters.ExternalFiles.Select(Name)));
    }

    private void WriteFunctions(IReadOnlyList<FunctionReport> functions)
    {
        if (functions.Count == 0)
            return;
        Section($"Functions ({Number(functions.Count)})");
        Grid grid = Rows(2);
        foreach (FunctionReport function in functions)
            grid.AddRow(Cell(Name(function.Domain) + "." + Name(function.Name)), Cell(Count(function.Nodes, "node")));
        Show(grid);
    }

    private void WriteInnerValues(IReadOnlyList<InnerValueReport> values)
    {
        if (values.Count == 0)
            return;
        Section($"Values ({Number(values.Count)}): the item metadata Outputs can name those that are marked +");
        Grid grid = Rows(4);
        foreach (InnerValueReport value in values)
        {
            string maker = value.Node.Length > 0 ? value.Producer + " " + value.Node : value.Producer;
            grid.AddRow(
                Cell((value.WhyNot is null ? "+ " : "- ") + Name(value.Name)),
                Cell(Type(value.Type, value.Shape)),
                Cell(Name(maker), Quiet),
                Cell(value.WhyNot is null ? "" : Terminal.Safe(value.WhyNot, LongestDescription), Quiet));
        }
        Show(grid);
    }

    private void WriteWeaknesses(IReadOnlyList<WeaknessReport> weaknesses)
    {
        if (weaknesses.Count == 0)
            return;
        Section("What costs speed");
        foreach (WeaknessReport weakness in weaknesses)
        {
            Line("  " + weakness.Finding, Caution);
            Line("    " + weakness.Advice);
        }
    }

    private void WriteGenerated(GeneratedReport? generated)
    {
        if (generated is null)
            return;
        Section("Generated C#, in a project whose root namespace is " + Name(generated.Namespace));
        foreach (string line in generated.Signature)
            Line("  " + line);
    }

    private void WriteNotes(IReadOnlyList<string> notes)
    {
        if (notes.Count == 0)
            return;
        Section("What is odd about values");
        foreach (string note in notes)
            Line("  " + Terminal.Safe(note, LongestDescription), Caution);
    }

    private void WriteProblems(IReadOnlyList<ProblemReport> problems)
    {
        if (problems.Count == 0)
            return;
        Section("Problems");
        foreach (ProblemReport problem in problems)
        {
            Line($"  {problem.Severity} {problem.Id}: {Terminal.Safe(problem.Message)}", problem.Severity == "error" ? Bad : Caution);
            Line("    " + problem.Help, Quiet);
        }
    }

    private void Section(string title)
    {
        _console.WriteLine();
        Line(title, Heading);
    }

    // Where a terminal wraps the line, the rest is indented as its beginning is.
    private void Line(string text, Style? style = null)
    {
        string content = text.TrimStart(' ');
        _console.Write(new Padder(new Text(content, style), new Padding(text.Length - content.Length, 0, 0, 0)));
        if (content.Length == 0)
            _console.WriteLine();
    }

    private static Grid Rows(int columns)
    {
        Grid grid = new();
        for (int i = 0; i < columns; i++)
            grid.AddColumn(new GridColumn().PadLeft(2).PadRight(0));
        return grid;
    }

    private void Show(Grid grid)
    {
        if (grid.Rows.Count > 0)
            _console.Write(grid);
    }

    private static IRenderable Cell(string text, Style? style = null) => new Text(text, style);

    private static string Name(string text) => Terminal.Safe(text, LongestName);

    private static string Count(long number, string what) => Number(number) + " " + what + (number == 1 ? "" : "s");

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
