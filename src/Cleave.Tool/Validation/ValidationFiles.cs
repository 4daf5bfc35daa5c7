using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Xml;
using Cleave.Generator.Emit;
using Cleave.Tool.Output;

namespace Cleave.Tool.Validation;

/// <summary>What was found, as files for CI: JUnit's XML and a summary in Markdown. Text from models does no harm in either.</summary>
internal static class ValidationFiles
{
    private const int LongestText = 2000;

    public static void WriteJUnit(IReadOnlyList<ValidationReport> reports, Stream target)
    {
        XmlWriterSettings settings = new() { Indent = true, NewLineChars = "\n", Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) };
        using XmlWriter xml = XmlWriter.Create(target, settings);
        xml.WriteStartElement("testsuites");
        foreach (ValidationReport report in reports)
            WriteSuite(xml, report);
        xml.WriteEndElement();
    }

    private static void WriteSuite(XmlWriter xml, ValidationReport report)
    {
        xml.WriteStartElement("testsuite");
        Attribute(xml, "name", report.Model);
        Attribute(xml, "tests", Number(report.LeftOut is null ? report.Checks.Count : 1));
        Attribute(xml, "failures", Number(report.Checks.Count(c => c.Problem is not null)));
        Attribute(xml, "skipped", Number(report.LeftOut is null ? 0 : 1));
        Attribute(xml, "time", report.Seconds.ToString("0.000", CultureInfo.InvariantCulture));
        if (report.OnnxRuntime is { } ran)
        {
            xml.WriteStartElement("properties");
            xml.WriteStartElement("property");
            Attribute(xml, "name", "ONNX Runtime");
            Attribute(xml, "value", ran.ToString());
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        if (report.LeftOut is { } left)
            WriteCase(xml, report.Model, "validation", "skipped", left, null);
        foreach (ValidationCheck check in report.Checks)
            WriteCase(xml, report.Model, check.Name, "failure", check.Problem, check.Note);
        xml.WriteEndElement();
    }

    private static void WriteCase(XmlWriter xml, string model, string name, string outcome, string? why, string? note)
    {
        xml.WriteStartElement("testcase");
        Attribute(xml, "classname", model);
        Attribute(xml, "name", name);
        if (why is not null)
        {
            xml.WriteStartElement(outcome);
            Attribute(xml, "message", why);
            xml.WriteEndElement();
        }
        if (note is not null)
            xml.WriteElementString("system-out", Plain(note));
        xml.WriteEndElement();
    }

    public static string Summary(IReadOnlyList<ValidationReport> reports)
    {
        StringBuilder text = new();
        text.Append("## Models\n\n| model | result | seconds | what |\n| --- | --- | --- | --- |\n");
        foreach (ValidationReport report in reports)
        {
            string result = report.LeftOut is not null ? "not validated" : report.Unchanged ? "passed before" : report.Passed ? "passed" : "**failed**";
            string what = report.LeftOut ?? string.Join("; ", report.Checks.Select(c => (c.Problem ?? c.Note) is { } more ? c.Name + ": " + more : c.Name));
            text.Append("| ").Append(Cell(report.Model)).Append(" | ").Append(result).Append(" | ")
                .Append(report.Seconds.ToString("0.0", CultureInfo.InvariantCulture)).Append(" | ").Append(Cell(what)).Append(" |\n");
        }
        string[] ran = [.. reports.Select(r => r.OnnxRuntime?.ToString()).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        if (ran.Length > 0)
            text.Append("\nRun on ONNX Runtime ").Append(Cell(string.Join(", ", ran))).Append(".\n");
        return text.ToString();
    }

    private static void Attribute(XmlWriter xml, string name, string value) => xml.WriteAttributeString(name, Plain(value));

    // Control characters and lone surrogates are no XML.
    private static string Plain(string text) => SafeText.OneLine(text, LongestText);

    // Everything that Markdown or HTML may read as markup is escaped.
    private static string Cell(string text)
    {
        StringBuilder cell = new();
        foreach (char c in Terminal.Safe(text))
        {
            if (c < 128 && char.IsPunctuation(c) || c is '|' or '<' or '>' or '`' or '~' or '^' or '$' or '+' or '=')
                cell.Append(c is '<' ? "&lt;" : c is '>' ? "&gt;" : c is '&' ? "&amp;" : c is '.' or ',' or ':' or ';' or '/' or '-' or '\'' or '(' or ')' ? c.ToString() : "\\" + c);
            else
                cell.Append(c);
        }
        return cell.ToString();
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
