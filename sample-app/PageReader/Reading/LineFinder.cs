using PageReader.Imaging;

namespace PageReader.Reading;

/// <summary>Orders pieces of ink into lines of text.</summary>
public static class LineFinder
{
    private const int LowestLine = 7;

    // Ordering them would take long, and so would reading them.
    private const int MostLines = 3_000;

    // In parts of a letter's height. Wider gaps separate what stands side by side.
    private const float WidestGap = 2.3f;

    /// <summary>The lines, in no order; none where the page shows none.</summary>
    /// <exception cref="ImageException">There are more than a page of text can have.</exception>
    public static IReadOnlyList<TextLine> Find(InkMask ink, CancellationToken cancellationToken = default)
    {
        List<LineChain> chains = Chains(InkBlobs.Find(ink, cancellationToken), cancellationToken);
        chains = Absorbed(Joined(chains, cancellationToken), cancellationToken);
        int height = UsualHeight(chains);
        List<LineChain> lines = chains.FindAll(c => c.Height >= LowestLine && c.Height >= 0.4 * height);
        if (lines.Count > MostLines)
            throw new ImageException($"the image shows more than {MostLines} separate pieces of text; this is no page of text");
        float slope = UsualSlope(lines);
        return [.. lines.Select(l => l.ToLine(slope))];
    }

    internal static List<LineChain> Chains(IEnumerable<Box> boxes, CancellationToken cancellationToken)
    {
        List<LineChain> chains = [];
        List<LineChain> open = [];
        foreach (Box box in boxes.OrderBy(b => b.Left).ThenBy(b => b.Top))
        {
            cancellationToken.ThrowIfCancellationRequested();
            open.RemoveAll(c => box.Left - c.Last.Right > WidestGap * 2 * c.Last.Height);
            LineChain? chain = open.Where(c => Continues(c.Last, box)).MinBy(c => box.Left - c.Last.Right);
            if (chain is null)
            {
                chain = new LineChain(box);
                chains.Add(chain);
                open.Add(chain);
            }
            else if (IsPartOf(chain.Last, box))
            {
                chain.Extend(box);
            }
            else
            {
                chain.Add(box);
            }
        }
        return chains;
    }

    // On the same height, not much smaller or larger, and not far away.
    private static bool Continues(Box last, Box next)
    {
        int lower = Math.Min(last.Height, next.Height);
        int higher = Math.Max(last.Height, next.Height);
        return IsPartOf(last, next)
            || (5 * lower >= 2 * higher && 2 * last.SharedRows(next) >= lower && next.Left - last.Right <= WidestGap * higher);
    }

    // What lies inside a zero, or a letter that broke in two.
    private static bool IsPartOf(Box last, Box next) =>
        last.SharedRows(next) > 0 && 2 * last.SharedColumns(next) > Math.Min(last.Width, next.Width);

    // A letter that noise broke may have started a chain in the middle of a line.
    internal static List<LineChain> Joined(List<LineChain> chains, CancellationToken cancellationToken)
    {
        List<LineChain> joined = [];
        // Without those that end too far to the left of all that is still to come.
        List<LineChain> open = [];
        foreach (LineChain chain in chains.OrderBy(c => c.Box.Left).ThenBy(c => c.Box.Top))
        {
            cancellationToken.ThrowIfCancellationRequested();
            open.RemoveAll(o => chain.Box.Left - o.Last.Right > WidestGap * o.Height);
            LineChain? line = open.Find(o => o.Precedes(chain, WidestGap));
            if (line is null)
            {
                joined.Add(chain);
                open.Add(chain);
            }
            else
            {
                line.Append(chain);
            }
        }
        return joined;
    }

    // Dots, dashes and quotation marks are chains of their own at first: they belong to the line beside or below them.
    internal static List<LineChain> Absorbed(List<LineChain> chains, CancellationToken cancellationToken)
    {
        List<LineChain> kept = [];
        foreach (LineChain chain in chains.OrderByDescending(c => c.Height).ThenBy(c => c.Box.Top).ThenBy(c => c.Box.Left))
        {
            cancellationToken.ThrowIfCancellationRequested();
            // From the highest down: what follows the first that is too low is too low as well.
            LineChain? line = kept.TakeWhile(k => k.IsHigherThan(chain)).FirstOrDefault(k => k.Holds(chain));
            if (line is null)
                kept.Add(chain);
            else
                line.Absorb(chain.Box);
        }
        return kept;
    }

    // That of most letters: a page may have a title.
    private static int UsualHeight(List<LineChain> chains)
    {
        // The median, where the letters of long lines weigh more.
        long half = chains.Sum(Weight) / 2;
        foreach (LineChain chain in chains.OrderBy(c => c.Height))
        {
            half -= Weight(chain);
            if (half < 0)
                return chain.Height;
        }
        return 0;

        static long Weight(LineChain chain) => (long)chain.Count * chain.Count;
    }

    // Short lines say little about how the page is turned.
    private static float UsualSlope(List<LineChain> lines)
    {
        float[] slopes = [.. lines.Select(l => l.Slope()).OfType<float>().Order()];
        return slopes.Length == 0 ? 0 : slopes[slopes.Length / 2];
    }
}
