using PageReader.Imaging;
using Xunit;

namespace Cleave.Sample.Tests;

public sealed class PngWriterTests
{
    [Fact]
    public void What_was_written_is_read_again()
    {
        GrayImage image = new(37, 11);
        new Random(2).NextBytes(image.Pixels);

        Assert.Equal(image.Pixels, PngReader.Read(PngWriter.Gray(image)).Pixels);
    }

    [Fact]
    public void Colours_are_written_in_their_order()
    {
        byte[] file = PngWriter.Rgb(3, 1, [255, 0, 0, 0, 255, 0, 0, 0, 255]);

        Assert.Equal([76, 150, 29], PngReader.Read(file).Pixels);
    }
}
