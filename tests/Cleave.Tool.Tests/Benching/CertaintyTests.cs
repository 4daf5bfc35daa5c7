using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using Xunit;

namespace Cleave.Tool.Tests.Benching;

/// <summary>Of fewer than six rounds there is no interval of 95 %, and nothing says that there is.</summary>
public sealed class CertaintyTests
{
    [Theory]
    [InlineData(5, 2e6, false)]
    [InlineData(5, 1e6, false)]
    [InlineData(6, 2e6, true)]
    [InlineData(6, 1e6, true)]
    public void A_conclusion_is_as_certain_as_its_rounds(int rounds, double theirs, bool isCertain)
    {
        Samples samples = new(new Dictionary<string, Block[]> { ["a"] = Blocks(1e6), ["b"] = Blocks(theirs) });
        string said = Conclusion.Of([("ours", true, "a"), ("theirs", false, "b")], 1, samples);
        Assert.Equal(!isCertain, said.Contains("no 95 % interval: 5 rounds", StringComparison.Ordinal));
        Assert.Equal(isCertain && theirs > 1e6, said.Contains("with 95 % certainty", StringComparison.Ordinal));

        Block[] Blocks(double time) => [.. Enumerable.Range(0, rounds).Select(_ => new Block([time], 0, 0, 0, 0, 0))];
    }

    [Fact]
    public async Task Json_says_how_certain_its_bounds_are()
    {
        using TinyModel tiny = new();
        ToolRun run = await ToolRun.Measured("bench", tiny.Save(), "--threads", "1", "--callers", "1", "--quick", "--json");
        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("certainty").ValueKind);
    }
}
