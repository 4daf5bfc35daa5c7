using LabelGlyphsModel.Drawing;
using LabelReader.Imaging;
using LabelReader.Reading;
using Xunit;

namespace Cleave.Sample.Tests;

public sealed class SegmentationTests
{
    [Theory]
    [InlineData("shelf-label.png", "ARTICLE 4071816", "BIN C12 SHELF 7", "LOT 8Q5Z K3 2026")]
    [InlineData("parcel.ppm", "PARCEL 3 OF 8", "DOCK 14 GATE B", "JX96 QK5 WV0UM", "ZONE 7 HEAVY")]
    public void The_lines_of_a_sample_image_are_found_in_order(string name, params string[] expected)
    {
        Page page = Page.TakeApart(ImageFile.Read(Committed.Image(name)));

        // Every letter as x: what was found is where words start and how long they are.
        Assert.Equal(expected.Select(AllX), page.Lines.Select(Shape));
        Assert.Equal(expected.Sum(l => l.Count(c => c != ' ')), page.GlyphCount);
        foreach (TextLine line in page.Lines)
            Assert.All(line.Glyphs.Zip(line.Glyphs.Skip(1)), pair => Assert.True(pair.First.Right <= pair.Second.Left + 1));
        Assert.All(page.Lines.Zip(page.Lines.Skip(1)), pair =>
            Assert.True(pair.First.Glyphs.Average(g => g.CentreY) + 10 < pair.Second.Glyphs.Average(g => g.CentreY)));
        Assert.All(page.Glyphs, value => Assert.InRange(value, 0, 1));
    }

    [Fact]
    public void Columns_beside_each_other_are_read_line_by_line_and_a_frame_is_no_letter()
    {
        GrayImage image = Draw(240, 120, (15, 20, "A1 B2"), (15, 70, "C3 D4"));
        for (int x = 4; x < 236; x++)
            (image[x, 4], image[x, 5], image[x, 114], image[x, 115]) = (0, 0, 0, 0);
        for (int y = 4; y < 116; y++)
            (image[4, y], image[5, y], image[234, y], image[235, y]) = (0, 0, 0, 0);

        Assert.Equal(["xx xx", "xx xx"], Page.TakeApart(image).Lines.Select(Shape));
    }

    [Fact]
    public void Half_of_the_label_in_shadow_changes_nothing()
    {
        GrayImage image = Draw(240, 60, (15, 20, "SHADOW 12"));
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
                image[x, y] = (byte)(image[x, y] * (1 - 0.6 * x / image.Width));
        }

        Assert.Equal(["xxxxxx xx"], Page.TakeApart(image).Lines.Select(Shape));
    }

    [Theory]
    [InlineData(255)]
    [InlineData(128)]
    [InlineData(0)]
    public void A_picture_of_one_brightness_has_no_lines(byte brightness)
    {
        GrayImage image = new(60, 40);
        Array.Fill(image.Pixels, brightness);

        Page page = Page.TakeApart(image);

        Assert.Empty(page.Lines);
        Assert.Equal(0, page.GlyphCount);
    }

    [Fact]
    public void Specks_are_no_letters()
    {
        GrayImage image = Draw(240, 60, (15, 20, "DUST"));
        for (int x = 6; x < 230; x += 9)
            (image[x, 8], image[x + 1, 9], image[x, 52]) = (0, 0, 0);

        Assert.Equal(["xxxx"], Page.TakeApart(image).Lines.Select(Shape));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 500)]
    [InlineData(500, 1)]
    [InlineData(30, 30)]
    public void Small_and_narrow_images_of_noise_are_taken_apart_without_error(int width, int height)
    {
        GrayImage image = new(width, height);
        new Random(11).NextBytes(image.Pixels);

        Page page = Page.TakeApart(image);

        Assert.Equal(page.Lines.Sum(l => l.Glyphs.Count), page.GlyphCount);
    }

    [Fact]
    public void A_picture_full_of_marks_is_refused()
    {
        GrayImage image = new(700, 700);
        Array.Fill(image.Pixels, (byte)255);
        for (int y = 0; y < 699; y++)
        {
            for (int x = 0; x < 699; x++)
            {
                if (x % 8 < 4 && y % 8 < 4)
                    image[x, y] = 0;
            }
        }

        Assert.StartsWith("the image shows more than 5000 separate marks", Refused.Message(() => Page.TakeApart(image)));
    }

    private static string AllX(string line) => string.Concat(line.Select(c => c == ' ' ? ' ' : 'x'));

    private static string Shape(TextLine line) =>
        string.Concat(Enumerable.Range(0, line.Glyphs.Count).Select(i => line.StartsWord(i) ? " x" : "x"));

    private static GrayImage Draw(int width, int height, params (int Left, int Top, string Text)[] lines)
    {
        const float Unit = 3;
        Look look = new();
        Print print = new(width, height);
        foreach ((int left, int top, string text) in lines)
            print.Text(text, Fonts.Plain, left, top, Unit, Unit, look);
        return print.Photograph(look, new SeededRandom(1));
    }
}
