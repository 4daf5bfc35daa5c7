using System.Text;
using PageReader.Imaging;
using Xunit;

namespace Cleave.Sample.Tests;

public sealed class NetpbmReaderTests
{
    [Fact]
    public void Colour_is_read_as_brightness()
    {
        GrayImage image = Read("P6\n3 1\n255\n", 255, 0, 0, 0, 255, 0, 0, 0, 255);

        Assert.Equal((3, 1), (image.Width, image.Height));
        Assert.Equal([76, 150, 29], image.Pixels);
    }

    [Fact]
    public void Gray_is_read_row_by_row()
    {
        GrayImage image = Read("P5 2 3 255 ", 1, 2, 3, 4, 5, 6);

        Assert.Equal((2, 3), (image.Width, image.Height));
        Assert.Equal(5, image[0, 2]);
        Assert.Equal([1, 2, 3, 4, 5, 6], image.Pixels);
    }

    [Theory]
    [InlineData("P5\n# made by a scanner\n2 1\n255\n")]
    [InlineData("P5 #9 9\n#\n\t2#7\r\n  1 # 3\n255\n")]
    [InlineData("P5\r\n2\r\n1\r\n255\n")]
    public void Comments_and_any_white_space_may_stand_between_the_numbers(string header)
    {
        Assert.Equal([10, 20], Read(header, 10, 20).Pixels);
    }

    // One character of white space ends the header; the next byte is a pixel, whatever it looks like.
    [Fact]
    public void Pixels_that_look_like_text_are_pixels()
    {
        Assert.Equal([(byte)'\n', (byte)'#', (byte)'1'], Read("P5 3 1 255\n", '\n', '#', '1').Pixels);
    }

    [Theory]
    [InlineData(1, 1, 255)]
    [InlineData(15, 5, 85)]
    [InlineData(100, 50, 127)]
    [InlineData(100, 200, 255)] // more than the header says is possible
    public void Brightness_is_scaled_from_the_greatest_value(int most, int sample, int expected)
    {
        Assert.Equal([0, (byte)expected], Read($"P5 2 1 {most}\n", 0, sample).Pixels);
        Assert.Equal([(byte)expected], Read($"P6 1 1 {most}\n", sample, sample, sample).Pixels);
    }

    [Theory]
    [InlineData("P5 2 2 255\n123", "the image is cut off")]
    [InlineData("P6 1 1 255\n12", "the image is cut off")]
    [InlineData("P5 2 2 255\n", "the image is cut off")]
    [InlineData("P5 2 2 255", "the image's header is damaged")]
    [InlineData("P5 2 2 255x1234", "the image's header is damaged")]
    [InlineData("P5 ", "the image's header is damaged: no width")]
    [InlineData("P5 -2 2 255\n1234", "the image's header is damaged: no width")]
    [InlineData("P5 2", "the image's header is damaged: no height")]
    [InlineData("P5 2 2 # comment without end", "the image's header is damaged: no greatest value")]
    [InlineData("P5 1 1 65535\n12", "only 8-bit PPM and PGM images are read")]
    [InlineData("P5 1 1 0\n1", "only 8-bit PPM and PGM images are read")]
    [InlineData("P5 0 5 255\n", "the image is empty")]
    [InlineData("P5 5 0 255\n", "the image is empty")]
    public void A_file_that_cannot_be_read_says_why(string file, string message) =>
        Assert.Equal(message, Refused.Message(() => NetpbmReader.Read(Encoding.ASCII.GetBytes(file))));

    [Theory]
    [InlineData("999999999", "999999999")]
    [InlineData("65536", "65536")]
    [InlineData("40000000", "1")]
    [InlineData("1", "99999")]
    public void Absurd_sizes_are_refused_before_memory_is_taken(string width, string height)
    {
        byte[] file = Encoding.ASCII.GetBytes($"P6 {width} {height} 255\nabc");

        Assert.StartsWith($"the image is too large ({width} x {height}; at most ", Refused.Message(() => NetpbmReader.Read(file)));
        Assert.InRange(Refused.Memory(() => NetpbmReader.Read(file)), 0, 100_000);
    }

    [Fact]
    public void Numbers_beyond_all_limits_are_refused()
    {
        byte[] file = Encoding.ASCII.GetBytes($"P6 {new string('9', 10_000)} 1 255\nabc");

        Refused.Message(() => NetpbmReader.Read(file));
    }

    // The header announces 40 megapixels; three bytes follow.
    [Fact]
    public void A_cut_file_takes_no_memory_for_what_is_missing()
    {
        byte[] file = Encoding.ASCII.GetBytes("P6 8000 5000 255\nabc");

        Assert.InRange(Refused.Memory(() => NetpbmReader.Read(file)), 0, 100_000);
    }

    private static GrayImage Read(string header, params int[] pixels) =>
        NetpbmReader.Read([.. Encoding.ASCII.GetBytes(header), .. pixels.Select(p => (byte)p)]);
}
