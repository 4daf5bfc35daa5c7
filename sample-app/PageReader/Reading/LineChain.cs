namespace PageReader.Reading;

/// <summary>Pieces of ink that follow each other on one line.</summary>
internal sealed class LineChain(Box first)
{
    // A slope is measured between letters that are at least so many heights apart.
    private const int LeastDistance = 4;
    private const int MostCompared = 80;

    private readonly List<Box> _letters = [first];
    private int _left = first.Left;
    private int _right = first.Right;

    public Box Last => _letters[^1];

    public int Count => _letters.Count;

    public Box Box => new(_left, _letters.Min(l => l.Top), _right, _letters.Max(l => l.Bottom));

    /// <summary>That of most of its letters.</summary>
    public int Height => _letters.Select(l => l.Height).Order().ElementAt(_letters.Count / 2);

    public void Add(Box letter)
    {
        _letters.Add(letter);
        Absorb(letter);
    }

    /// <summary>Another piece of the last letter.</summary>
    public void Extend(Box piece)
    {
        _letters[^1] = Last.Union(piece);
        Absorb(piece);
    }

    /// <summary>A mark that belongs to the line, but says nothing about its height.</summary>
    public void Absorb(Box mark) => (_left, _right) = (Math.Min(_left, mark.Left), Math.Max(_right, mark.Right));

    /// <summary>Whether another chain, which starts further right, goes on with this line.</summary>
    public bool Precedes(LineChain other, float widestGap)
    {
        int height = Height;
        int otherHeight = other.Height;
        int gap = other._letters[0].Left - Last.Right;
        return 3 * Math.Min(height, otherHeight) >= 2 * Math.Max(height, otherHeight)
            && gap > -height && gap <= widestGap * height
            && 2 * Last.SharedRows(other._letters[0]) >= Math.Min(Last.Height, other._letters[0].Height);
    }

    public void Append(LineChain other)
    {
        _letters.AddRange(other._letters);
        _letters.Sort((a, b) => a.Left.CompareTo(b.Left));
        Absorb(other.Box);
    }

    /// <summary>Whether smaller marks belong to this line: they lie beside its letters, or close above them.</summary>
    public bool Holds(LineChain marks)
    {
        int height = Height;
        if (marks.Height > 0.7 * height || marks.Box.Width > 12 * height)
            return false;
        Box near = _letters.MinBy(l => Math.Max(0, Math.Max(l.Left - marks.Box.Right, marks.Box.Left - l.Right)));
        int distance = Math.Max(near.Left - marks.Box.Right, marks.Box.Left - near.Right);
        return distance <= 0.8 * height && marks.Box.CentreY >= near.Bottom - 1.5 * Math.Max(near.Height, height)
            && marks.Box.CentreY <= near.Bottom + 0.3 * height;
    }

    /// <summary>How the letters' lower ends fall (P. Sen 1968: the median over pairs); null where the line is too short to say.</summary>
    public float? Slope()
    {
        int height = Height;
        Box[] letters = [.. _letters.Where(l => l.Height >= 0.6 * height && l.Height <= 1.6 * height).Take(MostCompared)];
        List<float> slopes = [];
        for (int i = 0; i < letters.Length; i++)
        {
            for (int j = i + 1; j < letters.Length; j++)
            {
                int distance = letters[j].Left - letters[i].Left;
                if (distance >= LeastDistance * height)
                    slopes.Add((float)(letters[j].Bottom - letters[i].Bottom) / distance);
            }
        }
        slopes.Sort();
        return slopes.Count < 6 ? null : slopes[slopes.Count / 2];
    }

    /// <param name="usual">The slope where this line is too short to say.</param>
    public TextLine ToLine(float usual)
    {
        float slope = Slope() ?? usual;
        float top = float.MaxValue;
        float bottom = float.MinValue;
        int height = Height;
        // A piece much higher than the letters is no letter: the edge of a paper, a stamp.
        foreach (Box letter in _letters.Where(l => l.Height <= 1.6 * height))
        {
            float shift = slope * ((letter.Left + letter.Right) * 0.5f - _left);
            top = Math.Min(top, letter.Top - shift);
            bottom = Math.Max(bottom, letter.Bottom - shift);
        }
        return new TextLine(_left, _right, top, bottom, slope);
    }
}
