using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>The pages in the tool's package, as the project lists them.</summary>
public sealed class ToolPagesTests
{
    [Fact]
    public void A_page_that_a_packed_page_points_to_is_packed_too()
    {
        Dictionary<string, string> pages = Pages();

        foreach (string command in new[] { "inspect", "bench", "verify", "fix", "plan", "cost-model" })
            Assert.Contains($"docs/{command}.md", pages.Keys);
        foreach ((string page, string file) in pages)
        {
            foreach (Match link in Regex.Matches(File.ReadAllText(file), @"\]\((?!https?:|#)([^)#]+)"))
            {
                string target = Path.GetRelativePath("/", Path.GetFullPath(link.Groups[1].Value, "/" + Path.GetDirectoryName(page))).Replace('\\', '/');
                Assert.True(pages.ContainsKey(target), $"{page} points to {link.Groups[1].Value}, which is not in the package");
            }
        }
    }

    // By path in the package: the file.
    private static Dictionary<string, string> Pages()
    {
        CommandResult items = DotNet.Run(SharedModels.Repository, DotNet.Host, "msbuild", "src/Cleave.Tool/Cleave.Tool.csproj", "-getItem:None").Succeeded();
        return JsonDocument.Parse(items.Printed).RootElement.GetProperty("Items").GetProperty("None").EnumerateArray()
            .Where(i => i.TryGetProperty("Pack", out JsonElement pack) && pack.GetString() == "true")
            .ToDictionary(
                i => (i.GetProperty("PackagePath").GetString()!.Trim('/') + "/" + i.GetProperty("Filename").GetString() + i.GetProperty("Extension").GetString()).TrimStart('/').Replace("//", "/", StringComparison.Ordinal),
                i => i.GetProperty("FullPath").GetString()!, StringComparer.Ordinal);
    }
}
