using PageReader.Imaging;
using Xunit;

namespace Cleave.Sample.Tests;

public sealed class PngReaderTests
{
    private const byte Gray = 0, Rgb = 2, Palette = 3, GrayAlpha = 4, RgbAlpha = 6;
    private const int Width = 7, Height = 6;

    public static TheoryData<byte, byte> ColoursAndFilters()
    {
        TheoryData<byte, byte> all = [];
        foreach (byte colourType in new[] { Gray, Rgb, Palette, GrayAlpha, RgbAlpha })
        {
            for (byte filter = 0; filter < 5; filter++)
                all.Add(colourType, filter);
        }
        return all;
    }

    [Theory]
    [MemberData(nameof(ColoursAndFilters))]
    public void Every_colour_type_is_read_with_every_filter(byte colourType, byte filter)
    {
        byte[] samples = Samples(colourType);

        GrayImage image = PngReader.Read(File(colourType, samples, filter).ToBytes());

        Assert.Equal((Width, Height), (image.Width, image.Height));
        Assert.Equal(Expected(colourType, samples), image.Pixels);
    }

    [Fact]
    public void Filters_change_from_row_to_row_and_pixels_are_spread_over_parts()
    {
        byte[] samples = Samples(Rgb);
        PngFile file = new(Width, Height, Rgb) { Rows = PngFile.Filter(samples, Width * 3, 3, 4, 1, 3, 2, 0), MostInPart = 10 };

        Assert.Equal(Expected(Rgb, samples), PngReader.Read(file.ToBytes()).Pixels);
    }

    // Of neighbours equally near, left comes before up, and up before the corner.
    [Theory]
    [InlineData(100, 110, 80, 80)]
    [InlineData(100, 80, 110, 80)]
    public void The_fourth_filter_decides_ties_as_PNG_says(byte corner, byte up, byte left, byte nearest)
    {
        // The left pixel's own neighbour is the one above it.
        PngFile file = new(2, 2, Gray) { Rows = [0, corner, up, 4, (byte)(left - corner), 5] };

        Assert.Equal([corner, up, left, (byte)(nearest + 5)], PngReader.Read(file.ToBytes()).Pixels);
    }

    // Written by another program, which has its own checksum; row y has the filter y.
    [Fact]
    public void A_foreign_file_is_read()
    {
        byte[] file = Convert.FromBase64String(
            "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAFCAIAAAD38zoCAAAAX0lEQVR42mXLqw0CURBA0cPHrJrkGTJ5CUE8g1gzYhUJfaApgkqohEqo"
            + "iMVgSK47uXDkwo0HT1682agVpv+2K6hJNdXVULNa1HXnLrJFHiJ75ClyRJ4j5/33MNHojF8f05EKdEJv6OgAAAAASUVORK5CYII=");

        GrayImage image = PngReader.Read(file);

        Assert.Equal((8, 5), (image.Width, image.Height));
        for (int y = 0; y < 5; y++)
        {
            for (int x = 0; x < 8; x++)
                Assert.Equal(Luminance(x * 30, y * 50, x * y * 9 % 256), image[x, y]);
        }
    }

    // The value that definitions of this checksum give for testing.
    [Fact]
    public void The_checksum_is_that_of_PNG() => Assert.Equal(0xCBF43926, Crc32.Of("123456789"u8));

    [Fact]
    public void The_transparent_shade_or_colour_is_white()
    {
        PngFile gray = new(3, 1, Gray) { Transparency = [0, 40], Rows = [0, 40, 41, 0] };
        PngFile rgb = new(2, 1, Rgb) { Transparency = [0, 10, 0, 20, 0, 30], Rows = [0, 10, 20, 30, 10, 20, 31] };

        Assert.Equal([255, 41, 0], PngReader.Read(gray.ToBytes()).Pixels);
        Assert.Equal([255, Luminance(10, 20, 31)], PngReader.Read(rgb.ToBytes()).Pixels);
    }

    [Fact]
    public void Transparent_colours_of_a_palette_lie_on_white()
    {
        PngFile file = new(3, 1, Palette)
        {
            Palette = [10, 10, 10, 20, 20, 20, 30, 30, 30],
            Transparency = [255, 0], // fewer than colours: the rest is opaque
            Rows = [0, 0, 1, 2],
        };

        Assert.Equal([10, 255, 30], PngReader.Read(file.ToBytes()).Pixels);
    }

    [Fact]
    public void Parts_that_a_reader_may_skip_are_skipped()
    {
        PngFile file = new(1, 1, Gray) { Rows = [0, 77], Extra = [.. PngFile.Part("tEXt", "Title"u8.ToArray()), .. PngFile.Part("gAMA", [0, 0, 177, 143])] };

        Assert.Equal([77], PngReader.Read(file.ToBytes()).Pixels);
    }

    private static byte[] GrayDot => new PngFile(1, 1, Gray) { Rows = [0, 77] }.ToBytes();

    public static TheoryData<string, byte[]> BadFiles => new()
    {
        { "only PNG images of 8 bits a sample are read; this one has 16", new PngFile(1, 1, Gray) { Bits = 16, Rows = [0, 1, 2] }.ToBytes() },
        { "only PNG images of 8 bits a sample are read; this one has 1", new PngFile(1, 1, Palette) { Bits = 1, Palette = [1, 2, 3], Rows = [0, 0] }.ToBytes() },
        { "interlaced PNG images are not read; save it without interlacing", new PngFile(1, 1, Gray) { Interlaced = 1, Rows = [0, 1] }.ToBytes() },
        { "the image is damaged: its header makes no sense", new PngFile(1, 1, 5) { Rows = [0, 1] }.ToBytes() },
        { "the image is damaged: its header makes no sense", new PngFile(1, 1, Gray) { Packing = 1, Rows = [0, 1] }.ToBytes() },
        { "the image is damaged: its header has the wrong length", [.. GrayDot[..8], .. PngFile.Part("IHDR", [1, 2, 3]), .. PngFile.Part("IEND", [])] },
        { "the image is damaged: no header", [.. GrayDot[..8], .. PngFile.Part("IEND", [])] },
        { "the image is damaged: a checksum does not match", [.. GrayDot[..16], 9, .. GrayDot[17..]] },
        { "the image is damaged: unknown row filter", new PngFile(1, 1, Gray) { Rows = [5, 1] }.ToBytes() },
        { "the image is damaged: its palette is missing", new PngFile(1, 1, Palette) { Rows = [0, 0] }.ToBytes() },
        { "the image is damaged: its palette is missing", new PngFile(1, 1, Palette) { Palette = [1, 2], Rows = [0, 0] }.ToBytes() },
        { "the image is damaged: a colour is not in its palette", new PngFile(1, 1, Palette) { Palette = [1, 2, 3], Rows = [0, 1] }.ToBytes() },
        { "the image is damaged: its pixels do not unpack", new PngFile(1, 1, Gray) { Packed = [1, 2, 3, 4, 5, 6] }.ToBytes() },
        { "the image has a part that this reader does not know", new PngFile(1, 1, Gray) { Extra = PngFile.Part("ABCD", []), Rows = [0, 1] }.ToBytes() },
        { "the image holds no pixels", new PngFile(1, 1, Gray) { Packed = [] }.ToBytes() },
        { "the image is cut off", new PngFile(2, 3, Gray) { Rows = [0, 1, 2, 0, 3] }.ToBytes() },
        { "the image is cut off", GrayDot[..^12] },
        { "the image is cut off", [.. GrayDot[..33], 0xFF, 0xFF, 0xFF, 0xFF, .. GrayDot[37..]] },
        { "the image is empty", new PngFile(0, 5, Gray).ToBytes() },
        { "the image is empty", new PngFile(5, 0, Gray).ToBytes() },
    };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void A_file_that_cannot_be_read_says_why(string message, byte[] file) =>
        Assert.Equal(message, Refused.Message(() => PngReader.Read(file)));

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        byte[] file = File(RgbAlpha, Samples(RgbAlpha), 4).ToBytes();

        for (int length = 8; length < file.Length; length++)
            Assert.Equal("the image is cut off", Refused.Message(() => PngReader.Read(file[..length])));
    }

    [Fact]
    public void A_file_damaged_anywhere_is_refused()
    {
        byte[] file = File(Palette, Samples(Palette), 0).ToBytes();

        for (int at = 8; at < file.Length; at++)
        {
            byte[] damaged = [.. file];
            damaged[at] ^= 0x20;
            Refused.Message(() => PngReader.Read(damaged));
        }
    }

    [Fact]
    public void Damaged_pixels_with_a_right_checksum_give_an_image_or_a_refusal()
    {
        Random random = new(5);
        byte[] packed = PngFile.Pack(PngFile.Filter(Samples(Rgb), Width * 3, 3, 0, 1, 2, 3, 4));
        int refused = 0;
        for (int i = 0; i < 500; i++)
        {
            byte[] damaged = [.. packed];
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            byte[] file = new PngFile(Width, Height, Rgb) { Packed = damaged }.ToBytes();
            try
            {
                Assert.Equal(Width * Height, PngReader.Read(file).Pixels.Length);
            }
            catch (ImageException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 1, 499);
    }

    [Theory]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    [InlineData(1u << 31, 1)]
    [InlineData(1, 1u << 31)]
    [InlineData(65536, 65536)] // as 32-bit numbers their product is 0
    [InlineData(40_000_000, 1)]
    [InlineData(8_000, 5_001)]
    public void Absurd_sizes_are_refused_before_memory_is_taken(uint width, uint height)
    {
        byte[] file = new PngFile(width, height, RgbAlpha) { Rows = [0, 1, 2, 3, 4] }.ToBytes();

        Assert.StartsWith($"the image is too large ({width} x {height}; at most ", Refused.Message(() => PngReader.Read(file)));
        Assert.InRange(Refused.Memory(() => PngReader.Read(file)), 0, 100_000);
    }

    [Fact]
    public void Pixels_that_the_header_does_not_announce_are_never_unpacked()
    {
        byte[] file = new PngFile(4, 4, Gray) { Rows = new byte[64 << 20] }.ToBytes();
        long before = GC.GetAllocatedBytesForCurrentThread();

        GrayImage image = PngReader.Read(file);

        Assert.Equal(16, image.Pixels.Length);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private static PngFile File(byte colourType, byte[] samples, byte filter)
    {
        int pixel = SamplesOf(colourType);
        return new PngFile(Width, Height, colourType)
        {
            Rows = PngFile.Filter(samples, Width * pixel, pixel, filter),
            Palette = colourType == Palette ? [.. Enumerable.Range(0, 256 * 3).Select(i => (byte)(i * 7))] : null,
        };
    }

    private static byte[] Samples(byte colourType)
    {
        byte[] samples = new byte[Width * Height * SamplesOf(colourType)];
        new Random(colourType).NextBytes(samples);
        return samples;
    }

    private static int SamplesOf(byte colourType) => colourType switch { Rgb => 3, GrayAlpha => 2, RgbAlpha => 4, _ => 1 };

    private static byte[] Expected(byte colourType, byte[] samples) => [.. samples.Chunk(SamplesOf(colourType)).Select(s => colourType switch
    {
        Gray => s[0],
        Rgb => Luminance(s[0], s[1], s[2]),
        Palette => Luminance((byte)(s[0] * 21), (byte)(s[0] * 21 + 7), (byte)(s[0] * 21 + 14)),
        GrayAlpha => OnWhite(s[0], s[1]),
        _ => OnWhite(Luminance(s[0], s[1], s[2]), s[3]),
    })];

    private static byte Luminance(int red, int green, int blue) =>
        (byte)Math.Round(0.299m * red + 0.587m * green + 0.114m * blue, MidpointRounding.AwayFromZero);

    private static byte OnWhite(int value, int alpha) => (byte)(255 - (255 - value) * alpha / 255m);
}
