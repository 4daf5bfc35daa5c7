namespace PageReader.Imaging;

/// <summary>Reads an image file: PNG, or binary PPM (P6) and PGM (P5).</summary>
public static class ImageFile
{
    private const long MostBytes = 512L << 20;

    /// <exception cref="ImageException">The file cannot be read, or is no image of these formats.</exception>
    public static GrayImage Read(string path)
    {
        byte[] bytes = Bytes(path);
        if (bytes.Length == 0)
            throw new ImageException("the file is empty");
        if (PngReader.Recognizes(bytes))
            return PngReader.Read(bytes);
        if (NetpbmReader.Recognizes(bytes))
            return NetpbmReader.Read(bytes);
        throw new ImageException("not a PNG, PPM (P6) or PGM (P5) image");
    }

    private static byte[] Bytes(string path)
    {
        if (path.Length == 0)
            throw new ImageException("no file name was passed");
        if (Directory.Exists(path))
            throw new ImageException("this is a folder; pass an image file");
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (file.Length > MostBytes)
                throw new ImageException("the file is too large");
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException("the file does not exist", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ImageException("the file cannot be read: " + e.Message.ReplaceLineEndings(" "), e);
        }
    }
}
