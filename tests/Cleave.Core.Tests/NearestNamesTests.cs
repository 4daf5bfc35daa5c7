using System;
using System.Linq;
using Cleave.Core.Diagnostics;
using Xunit;

namespace Cleave.Core.Tests;

public class NearestNamesTests
{
    [Theory]
    [InlineData("score", "scores")]
    [InlineData("Scores", "scores")]
    [InlineData("pool/output_0", "/backbone/pool/output_0 /head/pool/output_0")]
    [InlineData("/backbone/pol/output_0", "/backbone/pool/output_0")]
    [InlineData("POOL", "/head/pool/output_0 /backbone/pool/output_0")]
    [InlineData("something else", "")]
    [InlineData("", "")]
    public void The_nearest_come_first(string wanted, string nearest)
    {
        string[] names = ["boxes", "scores", "/backbone/pool/output_0", "/head/pool/output_0", ""];
        string[] found = [.. NearestNames.Of(wanted, names)];
        Assert.Equal(nearest.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        if (found.Length > 0 && wanted == "POOL")
            Assert.Equal("/head/pool/output_0", found[0]);
    }

    // Against the plain table of all distances.
    [Fact]
    public void Distances_are_those_of_Levenshtein()
    {
        Random random = new(3);
        for (int i = 0; i < 3000; i++)
        {
            string wanted = Text(random), name = Text(random);
            int limit = Math.Min(10, Math.Max(2, wanted.Length / 3));
            bool near = Levenshtein(wanted, name) <= limit || name.Contains(wanted, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(near, NearestNames.Of(wanted, [name]).Any());
        }
    }

    private static string Text(Random random) => new([.. Enumerable.Range(0, random.Next(3, 40)).Select(_ => "ab/"[random.Next(3)])]);

    private static int Levenshtein(string a, string b)
    {
        int[,] table = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                table[i, j] = i == 0 ? j : j == 0 ? i
                    : Math.Min(table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), 1 + Math.Min(table[i - 1, j], table[i, j - 1]));
            }
        }
        return table[a.Length, b.Length];
    }

    [Fact]
    public void Names_of_any_length_are_only_compared_where_it_is_cheap() =>
        Assert.Empty(NearestNames.Of(new string('a', 100_000), [new string('a', 100_001)]));
}
