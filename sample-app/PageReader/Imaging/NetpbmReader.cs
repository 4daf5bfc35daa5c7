namespace PageReader.Imaging;

/// <summary>Binary Netpbm: P6 (colour) and P5 (gray), 8 bits a sample.</summary>
internal static class NetpbmReader
{
    public static bool Recognizes(ReadOnlySpan<byte> file) =>
        file.Length > 2 && file[0] == 'P' && file[1] is (byte)'5' or (byte)'6' && IsSpace(file[2]);

    public static GrayImage Read(ReadOnlySpan<byte> file)
    {
        bool colour = file[1] == '6';
        int at = 2;
        int width = Number(file, ref at, "width");
        int height = Number(file, ref at, "height");
        int most = Number(file, ref at, "greatest value");
        if (most is 0 or > 255)
            throw new ImageException("only 8-bit PPM and PGM images are read");
        if (at >= file.Length || !IsSpace(file[at]))
            throw new ImageException("the image's header is damaged");
        at++;
        GrayImage.ThrowIfUnusable(width, height);
        int samples = colour ? 3 : 1;
        if (file.Length - at < (long)width * height * samples)
            throw new ImageException("the image is cut off");

        GrayImage image = new(width, height);
        ReadOnlySpan<byte> data = file[at..];
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            int value = colour ? GrayImage.Luminance(data[3 * i], data[3 * i + 1], data[3 * i + 2]) : data[i];
            image.Pixels[i] = (byte)Math.Min(255, value * 255 / most);
        }
        return image;
    }

    private static int Number(ReadOnlySpan<byte> file, ref int at, string what)
    {
        while (at < file.Length && (IsSpace(file[at]) || file[at] == '#'))
        {
            if (file[at] == '#')
            {
                while (at < file.Length && file[at] != '\n')
                    at++;
            }
            else
            {
                at++;
            }
        }
        int start = at;
        int value = 0;
        while (at < file.Length && file[at] is >= (byte)'0' and <= (byte)'9' && at - start < 9)
            value = value * 10 + (file[at++] - '0');
        if (at == start)
            throw new ImageException($"the image's header is damaged: no {what}");
        return value;
    }

    private static bool IsSpace(byte b) => b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or 11 or 12;
}
