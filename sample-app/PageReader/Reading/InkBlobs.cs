using PageReader.Imaging;

namespace PageReader.Reading;

/// <summary>Connected pieces of ink.</summary>
internal static class InkBlobs
{
    private const int FewestPixels = 8;

    // A photograph full of texture is no page.
    private const int MostBoxes = 20_000;

    /// <summary>The boxes of all pieces that could be part of a character: no specks, frames or rules.</summary>
    public static List<Box> Find(InkMask ink, CancellationToken cancellationToken)
    {
        List<Box> boxes = [];
        bool[] seen = new bool[ink.Width * ink.Height];
        Stack<int> open = new();
        for (int start = 0; start < seen.Length; start++)
        {
            if (seen[start] || !ink[start % ink.Width, start / ink.Width])
                continue;
            cancellationToken.ThrowIfCancellationRequested();
            (Box box, int pixels) = Trace(ink, start, seen, open);
            if (pixels >= FewestPixels && CouldBeText(box, ink))
                boxes.Add(box);
            if (boxes.Count > MostBoxes)
                throw new ImageException($"the image shows more than {MostBoxes} separate marks; this is no page of text");
        }
        return Merged(boxes);
    }

    // Blur and noise break letters: a piece that lies mostly inside the box of another belongs to it.
    private static List<Box> Merged(List<Box> boxes)
    {
        List<Box> merged = [];
        List<Box> near = [];
        foreach (Box box in boxes.OrderBy(b => b.Left).ThenBy(b => b.Top).ThenBy(b => b.Right))
        {
            merged.AddRange(near.Where(n => n.Right <= box.Left));
            near.RemoveAll(n => n.Right <= box.Left);
            int other = near.FindIndex(n => 2L * n.SharedColumns(box) * n.SharedRows(box) > Math.Min(Area(n), Area(box)));
            if (other < 0)
                near.Add(box);
            else
                near[other] = near[other].Union(box);
        }
        return [.. merged, .. near];
    }

    private static long Area(Box box) => (long)box.Width * box.Height;

    // Letters that touch are one piece. A rule under a line is longer.
    private const int MostTouching = 12;

    private const int MostLetterHeight = 80;

    private static bool CouldBeText(Box box, InkMask ink) =>
        // What the edge cuts off is the table, or another page.
        box.Left > 0 && box.Top > 0 && box.Right < ink.Width && box.Bottom < ink.Height && box.Height <= Math.Max(MostLetterHeight, ink.Height * 0.2) && box.Width <= MostTouching * box.Height;

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
