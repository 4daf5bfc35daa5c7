using PageReader.Imaging;
using Xunit;

namespace Cleave.Sample.Tests;

public sealed class ImageFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cleave-sample-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_format_is_known_by_the_content_and_not_by_the_name()
    {
        Assert.Equal([77], ImageFile.Read(Saved("image.ppm", new PngFile(1, 1, 0) { Rows = [0, 77] }.ToBytes())).Pixels);
        Assert.Equal([65], ImageFile.Read(Saved("image.png", "P5 1 1 255\nA"u8.ToArray())).Pixels);
    }

    public static TheoryData<string, byte[]> OtherFormats => new()
    {
        { "the file is empty", [] },
        { "not a PNG, PPM (P6) or PGM (P5) image", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, (byte)'J', (byte)'F', (byte)'I', (byte)'F'] },
        { "not a PNG, PPM (P6) or PGM (P5) image", "P3 1 1 255 1 2 3"u8.ToArray() },
        { "not a PNG, PPM (P6) or PGM (P5) image", "P6"u8.ToArray() },
        { "not a PNG, PPM (P6) or PGM (P5) image", "<!DOCTYPE html>"u8.ToArray() },
        { "not a PNG, PPM (P6) or PGM (P5) image", [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0A, 0x1A, 0x0A] }, // copied as text
        { "the image is cut off", [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A] },
    };

    [Theory]
    [MemberData(nameof(OtherFormats))]
    public void What_is_no_image_is_refused(string message, byte[] content) =>
        Assert.Equal(message, Refused.Message(() => ImageFile.Read(Saved("image.png", content))));

    [Fact]
    public void A_path_without_a_file_is_refused()
    {
        Assert.Equal("no file name was passed", Refused.Message(() => ImageFile.Read("")));
        Assert.Equal("this is a folder; pass an image file", Refused.Message(() => ImageFile.Read(_folder.FullName)));
        Assert.Equal("the file does not exist", Refused.Message(() => ImageFile.Read(Path.Combine(_folder.FullName, "none.png"))));
        Assert.Equal("the file does not exist", Refused.Message(() => ImageFile.Read(Path.Combine(_folder.FullName, "none", "none.png"))));
        Assert.StartsWith("the file cannot be read: ", Refused.Message(() => ImageFile.Read("a\0b.png")));
    }

    [Fact]
    public void A_huge_file_is_refused_unread()
    {
        string path = Saved("huge.png", []);
        using (FileStream file = File.OpenWrite(path))
            file.SetLength(600L << 20); // a hole: no disk is used

        Assert.Equal("the file is too large", Refused.Message(() => ImageFile.Read(path)));
        Assert.InRange(Refused.Memory(() => ImageFile.Read(path)), 0, 100_000);
    }

    private string Saved(string name, byte[] content)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}
