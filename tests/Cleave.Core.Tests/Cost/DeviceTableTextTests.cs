using System;
using System.IO;
using System.Linq;
using Cleave.Core.Cost;
using Xunit;

namespace Cleave.Core.Tests.Cost;

public sealed class DeviceTableTextTests
{
    private const string Text = """
        cleave-device 1
        name two cores
        block 8
        call 2075 14300
        hand-off 78.69
        threads 1 2
        # gemm: m k n
        gemm 1 64 64 = 1300 -
        gemm 64 256 256 = 98350 52000
        # relu: elements
        relu 16 = 400 -
        # node: elements
        node 1 = 225 225

        """;

    [Fact]
    public void A_table_that_is_read_and_written_is_the_same_text()
    {
        Assert.Equal(Text.ReplaceLineEndings("\n"), Write(Read(Text)));
    }

    [Fact]
    public void Points_are_written_in_the_order_of_their_kernels_and_sizes()
    {
        DeviceTable table = Read(Text);
        DeviceTable shuffled = new()
        {
            Name = table.Name,
            Block = table.Block,
            Calls = table.Calls,
            HandOff = table.HandOff,
            Threads = table.Threads,
            Points = [.. table.Points.Reverse()],
        };

        Assert.Equal(Write(table), Write(shuffled));
    }

    [Fact]
    public void One_time_of_a_call_holds_for_all_thread_counts()
    {
        DeviceTable table = Read(Text.Replace("call 2075 14300", "call 2075", StringComparison.Ordinal));

        Assert.Equal([2075, 2075], table.Calls);
    }

    [Fact]
    public void A_call_with_more_threads_than_were_measured_takes_what_the_most_take()
    {
        DeviceTable table = Read(Text);

        Assert.Equal([2075, 14300, 14300], new[] { 1, 2, 16 }.Select(table.Call));
    }

    [Theory]
    [InlineData("cleave-device 1", "cleave-device 2", "line 1: the first line must be \"cleave-device 1\"")]
    [InlineData("gemm 1 64 64 =", "gemm 1 64 =", "line 8: gemm has the sizes m, k, n, none below 1")]
    [InlineData("gemm 1 64 64 =", "gem 1 64 64 =", "line 8: there is no kernel \"gem\"")]
    [InlineData("1300 -", "1300", "line 8: there must be a time for each thread count, one for 1 thread at least")]
    [InlineData("1300 -", "- 1300", "line 8: there must be a time for each thread count, one for 1 thread at least")]
    [InlineData("1300 -", "1,3 -", "line 8: \"1,3\" is no positive number")]
    [InlineData("threads 1 2", "threads 2", "line 6: thread counts start with 1")]
    [InlineData("threads 1 2", "threads 1 1", "line 6: thread counts start with 1, and each is larger than the one before")]
    [InlineData("block 8", "block 8.5", "line 3: \"block\" is the channels of a block")]
    [InlineData("hand-off 78.69", "hand-off 0", "line 5: \"0\" is no positive number")]
    [InlineData("call 2075 14300", "call 2075 x", "line 4: \"x\" is no positive number")]
    [InlineData("call 2075 14300\n", "", "no line \"call\"")]
    [InlineData("call 2075 14300", "call 2075 -", "line 4: \"call\" has one number, or one for each thread count")]
    [InlineData("call 2075 14300", "call 1 2 3", "line 4: \"call\" has one number, or one for each thread count")]
    public void What_is_wrong_with_a_table_is_said_with_its_line(string right, string wrong, string message)
    {
        string text = Text.ReplaceLineEndings("\n").Replace(right, wrong, StringComparison.Ordinal);

        Assert.Contains(message, Assert.Throws<FormatException>(() => Read(text)).Message, StringComparison.Ordinal);
    }

    private static DeviceTable Read(string text)
    {
        using StringReader reader = new(text);
        return DeviceTableText.Read(reader);
    }

    private static string Write(DeviceTable table)
    {
        using StringWriter writer = new();
        DeviceTableText.Write(table, writer);
        return writer.ToString();
    }
}
