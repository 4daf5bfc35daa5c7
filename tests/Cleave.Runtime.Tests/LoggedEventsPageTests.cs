using System;
using System.IO;
using System.Linq;
using System.Reflection;
using Cleave.Logging;
using Cleave.TestKit;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>docs/hosting.md lists every warning and error that is logged. UPDATE_GOLDEN=1 writes the table anew.</summary>
public sealed class LoggedEventsPageTests
{
    private const string Head = "| event | level | name | message |\n| --- | --- | --- | --- |\n";

    private static readonly string Page = Path.Combine(SharedModels.Repository, "docs", "hosting.md");

    [Fact]
    public void The_table_lists_every_warning_and_error()
    {
        string page = File.ReadAllText(Page).ReplaceLineEndings("\n");
        int start = page.IndexOf(Head, StringComparison.Ordinal) + Head.Length;
        int end = page.IndexOf("\n\n", start - 1, StringComparison.Ordinal) + 1;
        string expected = string.Concat(typeof(Log).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Select(m => (m.Name, Event: m.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(m => m.Event is { Level: >= LogLevel.Warning })
            .OrderBy(m => m.Event!.EventId)
            .Select(m => FormattableString.Invariant($"| {m.Event!.EventId} | {m.Event.Level} | `{m.Name}` | {m.Event.Message.Replace("|", "\\|", StringComparison.Ordinal)} |\n")));
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(Page, page[..start] + expected + page[end..]);
        else
            Assert.Equal(expected, page[start..end]);
    }
}
