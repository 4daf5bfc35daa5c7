using System.Diagnostics;
using PageReader.Drawing;
using PageReader.Imaging;
using PageReader.Reading;
using PageReader.Training;
using PageReader.Training.Pages;
using Xunit;

namespace Cleave.Sample.Tests;

/// <summary>Lines are found, ordered and cut out.</summary>
public sealed class PageTests
{
    [Fact]
    public void Every_line_of_two_columns_is_found_and_the_left_column_comes_first()
    {
        Page page = Page.TakeApart(ImageFile.Read(Committed.Image("two-columns.png")));

        Assert.Equal(19, page.Lines.Count);
        Assert.All(page.Rows, row => Assert.Single(row));
        Assert.All(page.Lines.Skip(1).Take(9), l => Assert.True(l.Right < 450));
        Assert.All(page.Lines.Skip(10), l => Assert.True(l.Left > 450));
        Assert.All(page.Lines.Skip(2).Take(8).Zip(page.Lines.Skip(1)), pair => Assert.True(pair.First.CentreY > pair.Second.CentreY));
    }

    [Fact]
    public void Amounts_stand_on_the_row_of_what_they_are_for()
    {
        Page page = Page.TakeApart(ImageFile.Read(Committed.Image("receipt.png")));

        Assert.Equal(SampleImages.All[0].Page.Text.Count, page.Rows.Count);
        Assert.Equal(SampleImages.All[0].Page.Text.Select(t => t.Split("  ").Length), page.Rows.Select(r => r.Count));
    }

    [Theory]
    [InlineData(0.02f)]
    [InlineData(-0.02f)]
    public void The_slope_of_a_turned_page_is_found(float slope)
    {
        Canvas canvas = new(700, 120);
        TextPainter.Draw(canvas, "The quick brown fox jumps over 13 dogs", new TextStyle(), new LinePlace(30, 60, 2, slope));

        TextLine line = Assert.Single(Page.TakeApart(Photograph.Take(canvas, new Look(), new SeededRandom(1))).Lines);

        Assert.InRange(line.Slope, slope - 0.006f, slope + 0.006f);
        Assert.InRange(line.Height, 24, 32);
    }

    [Fact]
    public void Half_of_the_page_in_shadow_changes_nothing()
    {
        GrayImage image = Draw("Shadow 12");
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)(image.Pixels[i] * (1 - 0.6 * (i % image.Width) / image.Width));

        LineCrop crop = Assert.Single(Page.TakeApart(image).Crops);

        Assert.All(crop.Pixels, p => Assert.InRange(p, 0, 1));
        Assert.InRange(crop.Pixels.Count(p => p < 0.2f), crop.Pixels.Length / 2, crop.Pixels.Length);
    }

    [Theory]
    [InlineData(255)]
    [InlineData(128)]
    [InlineData(0)]
    public void A_picture_of_one_brightness_has_no_lines(byte brightness)
    {
        GrayImage image = new(60, 40);
        Array.Fill(image.Pixels, brightness);

        Assert.Empty(Page.TakeApart(image).Lines);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 500)]
    [InlineData(500, 1)]
    [InlineData(30, 30)]
    [InlineData(300, 200)]
    public void Images_of_noise_are_taken_apart_without_error(int width, int height)
    {
        GrayImage image = new(width, height);
        new Random(11).NextBytes(image.Pixels);

        Page page = Page.TakeApart(image);

        Assert.Equal(page.Lines.Count, page.Crops.Count);
        Assert.All(page.Crops, c => Assert.Equal(c.Width * LineCrop.Height, c.Pixels.Length));
    }

    [Fact]
    public void Crops_have_widths_that_the_models_take()
    {
        foreach (string text in (string[])["I", "It", "A line", new string('m', 300)])
        {
            LineCrop crop = Assert.Single(Page.TakeApart(Draw(text)).Crops);
            Assert.Equal(0, crop.Width % LineCrop.WidthStep);
            Assert.InRange(crop.Width, LineCrop.WidthStep, LineCrop.MostWidth);
        }
    }

    [Fact]
    public void A_page_turned_twice_is_the_page()
    {
        Page page = Page.TakeApart(Draw("Turned twice"));

        Assert.Equal(page.Image.Pixels, page.Turned().Turned().Image.Pixels);
    }

    [Fact]
    public void A_picture_full_of_marks_is_refused()
    {
        GrayImage image = new(1300, 1300);
        Array.Fill(image.Pixels, (byte)255);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            if (i % 1300 % 8 < 4 && i / 1300 % 8 < 4)
                image.Pixels[i] = 0;
        }

        Assert.StartsWith("the image shows more than 20000 separate marks", Refused.Message(() => Page.TakeApart(image)));
    }

    // Just below the limit on marks. Comparing each with each took minutes.
    [Fact]
    public void A_picture_of_marks_that_are_far_from_each_other_is_refused_soon()
    {
        GrayImage image = Marks(19_900, pitch: 40, size: 8);
        Stopwatch watch = Stopwatch.StartNew();

        Assert.Equal("the image shows more than 3000 separate pieces of text; this is no page of text", Refused.Message(() => Page.TakeApart(image)));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
    }

    [Fact]
    public void Marks_just_below_the_limit_are_ordered_soon()
    {
        GrayImage image = Marks(2_990, pitch: 40, size: 8);
        Stopwatch watch = Stopwatch.StartNew();

        Assert.Equal(2_990, Page.TakeApart(image).Lines.Count);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
    }

    // Each step may take long, so each has to notice by itself.
    [Fact]
    public void Who_cancels_does_not_wait()
    {
        CancellationToken cancelled = new(canceled: true);
        GrayImage image = Draw("Cancelled");
        InkMask ink = InkMask.Of(image);
        List<Box> boxes = InkBlobs.Find(ink, default);
        List<LineChain> chains = LineFinder.Chains(boxes, default);

        Assert.Throws<OperationCanceledException>(() => InkBlobs.Find(ink, cancelled));
        Assert.Throws<OperationCanceledException>(() => LineFinder.Chains(boxes, cancelled));
        Assert.Throws<OperationCanceledException>(() => LineFinder.Joined(chains, cancelled));
        Assert.Throws<OperationCanceledException>(() => LineFinder.Absorbed(chains, cancelled));
        Assert.Throws<OperationCanceledException>(() => new Page(image, Page.TakeApart(image).Rows, cancelled));
        Assert.Throws<OperationCanceledException>(() => Page.TakeApart(image, cancelled));
    }

    // The accuracy that is measured is that of what the application shows.
    [Fact]
    public void What_is_not_read_with_confidence_is_no_text()
    {
        Page page = Page.TakeApart(Draw("Marks"));
        Transcript doubtful = new([new ReadCharacter('M', 0.44f)]), sure = new([new ReadCharacter('M', 0.46f)]);

        Assert.Empty(new Scan(page, [doubtful], false).Rows());
        Assert.Equal(("M", 0.46f), Assert.Single(new Scan(page, [sure], false).Rows()));
        Assert.Equal(1, Accuracy.Of(["M"], new Scan(page, [doubtful], false)).Mistakes);
    }

    private static GrayImage Marks(int count, int pitch, int size)
    {
        int side = (int)Math.Ceiling(Math.Sqrt(count));
        GrayImage image = new((side + 1) * pitch, (side + 1) * pitch);
        Array.Fill(image.Pixels, (byte)255);
        for (int i = 0; i < count; i++)
        {
            for (int p = 0; p < size * size; p++)
                image[(i % side + 1) * pitch - size + p % size, (i / side + 1) * pitch - size + p / size] = 0;
        }
        return image;
    }

    private static GrayImage Draw(string text)
    {
        TextStyle style = new();
        Canvas canvas = new((int)(TextPainter.Measure(text, style) * 2) + 80, 80);
        TextPainter.Draw(canvas, text, style, new LinePlace(40, 50, 2));
        return Photograph.Take(canvas, new Look(), new SeededRandom(1));
    }
}
