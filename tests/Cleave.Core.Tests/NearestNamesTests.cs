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

    [Fact]
    public void Names_of_any_length_are_only_compared_where_it_is_cheap() =>
        Assert.Empty(NearestNames.Of(new string('a', 100_000), [new string('a', 100_001)]));
}
