using PageReader;
using Xunit;

namespace Cleave.Sample.Tests;

/// <summary>No picture is written over another one of the same run.</summary>
public sealed class PictureNamesTests
{
    [Theory]
    [InlineData("b/scan.png", "scan-2.read.png")]
    [InlineData("b/SCAN.png", "SCAN-2.read.png")]
    [InlineData("b/other.png", "other.read.png")]
    public void The_second_image_of_a_name_gets_a_number(string second, string picture)
    {
        PictureNames names = new();

        Assert.Equal("scan.read.png", names.For("a/scan.png"));
        Assert.Equal(picture, names.For(second));
    }
}
