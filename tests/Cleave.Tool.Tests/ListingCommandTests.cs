using System;
using System.Threading.Tasks;
using Cleave.Core.Listing;
using Xunit;

namespace Cleave.Tool.Tests;

public sealed class ListingCommandTests
{
    [Fact]
    public async Task Writes_what_the_generator_would_read()
    {
        using TinyModel tiny = new();

        ToolRun run = await ToolRun.Of("listing", tiny.Save());

        Assert.Equal(0, run.Code);
        Assert.Equal("", run.Error);
        ModelListing listing = ListingReader.Read(run.Output);
        Assert.Equal("tiny_model.onnx", listing.Options.Source);
        Assert.Equal("Add", Assert.Single(listing.Model!.Graph.Nodes).OpType);
        Assert.DoesNotContain(AppContext.BaseDirectory, run.Output);
    }

    [Theory]
    [InlineData]
    [InlineData("inspect")]
    [InlineData("frobnicate", "model.onnx")]
    [InlineData("inspect", "model.onnx", "--no-such-option")]
    public async Task A_wrong_command_line_says_how_it_is_used(params string[] arguments)
    {
        ToolRun run = await ToolRun.Of(arguments);

        Assert.Equal(1, run.Code);
        Assert.Contains("Usage:", run.Output);
        Assert.NotEqual("", run.Error);
    }
}
