using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Core.Tests;

/// <summary>Dependencies inside Cleave.Core run one way: from reading to planning.</summary>
public sealed class DependencyTests
{
    // Each may use those before it.
    private static readonly string[] Order = ["Diagnostics", "Graph", "Onnx", "Listing", "Releases", "Tuning", "Shapes", "Schedule", "Passes", "Cost", "Clustering", "Parts", "Batching", "Placement", "Ensembles"];

    private static readonly Regex Used = new(@"\bCleave\.Core\.([A-Z]\w*)", RegexOptions.CultureInvariant);

    [Fact]
    public void Every_folder_uses_only_those_before_it()
    {
        string core = Path.Combine(SharedModels.Repository, "src", "Cleave.Core");
        List<string> wrong = [];
        foreach (string folder in Directory.EnumerateDirectories(core).Select(f => Path.GetFileName(f)!).Where(f => f is not ("bin" or "obj")))
        {
            int place = Array.IndexOf(Order, folder);
            Assert.True(place >= 0, $"src/Cleave.Core/{folder} has no place in the order {string.Join(", ", Order)}");
            foreach (string file in Directory.EnumerateFiles(Path.Combine(core, folder), "*.cs", SearchOption.AllDirectories))
            {
                string text = File.ReadAllText(file);
                Assert.Contains("namespace Cleave.Core." + folder, text, StringComparison.Ordinal);
                wrong.AddRange(Used.Matches(text).Select(m => m.Groups[1].Value).Distinct()
                    .Where(used => Array.IndexOf(Order, used) > place).Select(used => $"{folder}/{Path.GetFileName(file)} uses {used}"));
            }
        }
        Assert.Empty(wrong);
    }
}
