using System;
using System.Linq;
using Cleave.Core.Graph;
using Xunit;

namespace Cleave.Core.Tests;

public class NodeRangesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0-1")]
    [InlineData("0-4,7,9-12")]
    [InlineData("3,5,7")]
    public void What_is_written_is_read(string text) => Assert.Equal(text, NodeRanges.Write(NodeRanges.Read(text, 13)));

    [Fact]
    public void Random_positions_go_round()
    {
        Random random = new(5);
        for (int i = 0; i < 100; i++)
        {
            int[] positions = [.. Enumerable.Range(0, 200).Where(_ => random.Next(3) > 0)];
            Assert.Equal(positions, NodeRanges.Read(NodeRanges.Write(positions), 200));
        }
    }

    [Theory]
    [InlineData("13")]
    [InlineData("0-13")]
    [InlineData("5-4")]
    [InlineData("-1")]
    [InlineData("1,,2")]
    [InlineData("*")]
    [InlineData("0-2147483648")]
    public void Anything_else_is_refused(string text) => Assert.Throws<FormatException>(() => NodeRanges.Read(text, 13));
}
