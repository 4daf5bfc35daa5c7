using LabelReader.Imaging;

namespace LabelReader.Reading;

/// <summary>Connected pieces of ink.</summary>
internal static class InkBlobs
{
    private const int FewestPixels = 10;

    // A photograph full of texture is no label, and ordering its pieces would take long.
    private const int MostBoxes = 5_000;

    /// <summary>The boxes of all pieces that could be part of a character: no specks, frames or rules.</summary>
    public static List<Box> Find(InkMask ink)
    {
        List<Box> boxes = [];
        bool[] seen = new bool[ink.Width * ink.Height];
        Stack<int> open = new();
        for (int start = 0; start < seen.Length; start++)
        {
            if (seen[start] || !ink[start % ink.Width, start / ink.Width])
                continue;
            (Box box, int pixels) = Trace(ink, start, seen, open);
            if (pixels >= FewestPixels && CouldBeText(box, ink))
                boxes.Add(box);
            if (boxes.Count > MostBoxes)
                throw new ImageException($"the image shows more than {MostBoxes} separate marks; this is no label");
        }
        return boxes;
    }

    private static bool CouldBeText(Box box, InkMask ink) =>
        box.Height <= ink.Height * 0.9 && (box.Width <= ink.Width * 0.5 || box.Height > box.Width) && box.Width <= 3 * box.Height;

    private static (Box Box, int Pixels) Trace(InkMask ink, int start, bool[] seen, Stack<int> open)
    {
        int width = ink.Width;
        int left = width, top = ink.Height, right = 0, bottom = 0, pixels = 0;
        seen[start] = true;
        open.Push(start);
        while (open.TryPop(out int at))
        {
            int x = at % width;
            int y = at / width;
            pixels++;
            (left, right) = (Math.Min(left, x), Math.Max(right, x + 1));
            (top, bottom) = (Math.Min(top, y), Math.Max(bottom, y + 1));
            for (int ny = Math.Max(0, y - 1); ny <= Math.Min(ink.Height - 1, y + 1); ny++)
            {
                for (int nx = Math.Max(0, x - 1); nx <= Math.Min(width - 1, x + 1); nx++)
                {
                    int neighbour = ny * width + nx;
                    if (seen[neighbour] || !ink[nx, ny])
                        continue;
                    seen[neighbour] = true;
                    open.Push(neighbour);
                }
            }
        }
        return (new Box(left, top, right, bottom), pixels);
    }
}
