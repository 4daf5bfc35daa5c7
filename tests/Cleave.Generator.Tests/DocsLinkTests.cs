using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>Links between pages lead somewhere, and the index knows every page.</summary>
public sealed class DocsLinkTests
{
    private static readonly string Docs = Path.Combine(SharedModels.Repository, "docs");

    public static TheoryData<string> Pages => [.. Files().Select(f => Path.GetRelativePath(SharedModels.Repository, f).Replace('\\', '/'))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_lead_to_files_and_headings(string page)
    {
        string path = Path.Combine(SharedModels.Repository, page);
        foreach (Match link in Regex.Matches(Prose(path), @"\]\(([^)\s#]*)(?:#([^)\s]*))?\)"))
        {
            string file = link.Groups[1].Value, heading = link.Groups[2].Value;
            if (file.Contains("://", StringComparison.Ordinal))
                continue;
            string target = file.Length == 0 ? path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, file));
            Assert.True(File.Exists(target) || Directory.Exists(target), page + ": " + link.Value);
            if (heading.Length > 0)
                Assert.True(Headings(target).Contains(heading), page + ": " + link.Value);
        }
    }

    [Fact]
    public void The_index_has_every_page()
    {
        string index = File.ReadAllText(Path.Combine(Docs, "README.md"));
        Assert.All(
            Directory.GetFiles(Docs, "*.md").Select(Path.GetFileName).Where(f => f != "README.md"),
            f => Assert.Contains("](" + f + ")", index, StringComparison.Ordinal));
    }

    /// <summary>nuget.org follows no relative links.</summary>
    [Fact]
    public void The_packages_page_links_to_pages_by_their_address()
    {
        string[] links = [.. Regex.Matches(File.ReadAllText(Path.Combine(SharedModels.Repository, "nuget", "README.md")), @"\]\(([^)]+)\)").Select(m => m.Groups[1].Value)];
        Assert.NotEmpty(links);
        const string Home = "https://github.com/cleave-net/cleave";
        Assert.All(links, l => Assert.StartsWith(Home, l, StringComparison.Ordinal));
        Assert.All(
            links.Where(l => l.StartsWith(Home + "/blob/main/", StringComparison.Ordinal)),
            l => Assert.True(File.Exists(Path.Combine(SharedModels.Repository, l[(Home.Length + "/blob/main/".Length)..])), l));
    }

    /// <summary>Users of the package read comments, and have no pages beside them.</summary>
    [Fact]
    public void Comments_of_the_runtime_link_to_pages_by_their_address()
    {
        string[] comments = [.. Directory.GetFiles(Path.Combine(SharedModels.Repository, "src", "Cleave.Runtime"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(File.ReadLines).Where(l => l.TrimStart().StartsWith("///", StringComparison.Ordinal) && l.Contains("docs/", StringComparison.Ordinal))];
        Assert.NotEmpty(comments);
        Assert.All(comments, l =>
        {
            string rest = Regex.Replace(l, "<see href=\"https://github.com/cleave-net/cleave/blob/main/(docs/[^\"#]+)\">", m => File.Exists(Path.Combine(SharedModels.Repository, m.Groups[1].Value)) ? "" : m.Value);
            Assert.DoesNotContain("docs/", rest, StringComparison.Ordinal);
        });
    }

    private static IEnumerable<string> Files() =>
    [
        .. Directory.GetFiles(SharedModels.Repository, "*.md"), .. Directory.GetFiles(Docs, "*.md", SearchOption.AllDirectories),
        .. Directory.GetFiles(Path.Combine(SharedModels.Repository, "benchmarks"), "*.md"), .. Directory.GetFiles(Path.Combine(SharedModels.Repository, "sample-app"), "*.md"),
        .. Directory.GetFiles(Path.Combine(SharedModels.Repository, "build"), "*.md", SearchOption.AllDirectories),
    ];

    // As GitHub makes them: lower case, words joined by hyphens, without punctuation.
    private static IEnumerable<string> Headings(string page) => Regex.Matches(Prose(page), "^#+ (.+)$", RegexOptions.Multiline)
        .Select(m => Regex.Replace(Regex.Replace(m.Groups[1].Value.Trim().ToLowerInvariant(), @"[^\p{L}\p{N}\s_-]", ""), @"\s", "-"));

    // Without code.
    private static string Prose(string page) => Regex.Replace(
        Regex.Replace(File.ReadAllText(page).ReplaceLineEndings("\n"), "```.*?```", "", RegexOptions.Singleline), "(?<!^#.*)`[^`\n]*`", "", RegexOptions.Multiline);
}
