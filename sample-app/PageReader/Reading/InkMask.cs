using PageReader.Imaging;

namespace PageReader.Reading;

/// <summary>
/// Which pixels are ink: those clearly darker than what surrounds them. The limit follows the local mean and
/// contrast (Sauvola's threshold), so a shadow over half of the label does not matter.
/// </summary>
public sealed class InkMask
{
    private const double Sensitivity = 0.2;
    private const double FullContrast = 128;

    private readonly bool[] _ink;

    private InkMask(int width, int height)
    {
        Width = width;
        Height = height;
        _ink = new bool[width * height];
    }

    public int Width { get; }

    public int Height { get; }

    public bool this[int x, int y] => _ink[y * Width + x];

    public static InkMask Of(GrayImage image)
    {
        InkMask mask = new(image.Width, image.Height);
        int reach = Math.Clamp(Math.Min(image.Width, image.Height) / 6, 12, 60);
        // Sums over the window's rows, one for each column: the window slides, and memory does not grow with it.
        long[] sums = new long[image.Width];
        long[] squares = new long[image.Width];
        for (int y = 0; y < Math.Min(reach, image.Height); y++)
            AddRow(image, y, 1, sums, squares);
        for (int y = 0; y < image.Height; y++)
        {
            if (y + reach < image.Height)
                AddRow(image, y + reach, 1, sums, squares);
            if (y - reach - 1 >= 0)
                AddRow(image, y - reach - 1, -1, sums, squares);
            int rows = Math.Min(image.Height - 1, y + reach) - Math.Max(0, y - reach) + 1;
            mask.MarkRow(image, y, reach, rows, sums, squares);
        }
        return mask;
    }

    private static void AddRow(GrayImage image, int y, int sign, long[] sums, long[] squares)
    {
        for (int x = 0; x < image.Width; x++)
        {
            int value = image[x, y];
            sums[x] += sign * value;
            squares[x] += sign * value * value;
        }
    }

    private void MarkRow(GrayImage image, int y, int reach, int rows, long[] sums, long[] squares)
    {
        long sum = 0;
        long square = 0;
        for (int x = 0; x < Math.Min(reach, Width); x++)
        {
            sum += sums[x];
            square += squares[x];
        }
        for (int x = 0; x < Width; x++)
        {
            if (x + reach < Width)
            {
                sum += sums[x + reach];
                square += squares[x + reach];
            }
            if (x - reach - 1 >= 0)
            {
                sum -= sums[x - reach - 1];
                square -= squares[x - reach - 1];
            }
            int columns = Math.Min(Width - 1, x + reach) - Math.Max(0, x - reach) + 1;
            double count = (double)rows * columns;
            double mean = sum / count;
            double deviation = Math.Sqrt(Math.Max(0, square / count - mean * mean));
            _ink[y * Width + x] = image[x, y] < mean * (1 + Sensitivity * (deviation / FullContrast - 1));
        }
    }
}
