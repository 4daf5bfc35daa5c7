namespace PageReader.Reading;

/// <summary>Pieces of ink that follow each other on one line.</summary>
internal sealed class LineChain(Box first)
{
    // A slope is measured between letters that are at least so many heights apart.
    private const int LeastDistance = 4;
    private const int MostCompared = 80;

    private readonly List<Box> _letters = [first];
    private int _left = first.Left;
    private int _top = first.Top;
    private int _right = first.Right;
    private int _bottom = first.Bottom;

    // Chains are compared all with all, and asked for it each time: null where letters have come since.
    private int? _height = first.Height;

    public Box Last => _letters[^1];

    public int Count => _letters.Count;

    public Box Box => new(_left, _top, _right, _bottom);

    /// <summary>That of most of its letters.</summary>
    public int Height => _height ??= _letters.Select(l => l.Height).Order().ElementAt(_letters.Count / 2);

    public void Add(Box letter)
    {
        _letters.Add(letter);
        Grow(letter);
    }

    /// <summary>Another piece of the last letter.</summary>
    public void Extend(Box piece)
    {
        _letters[^1] = Last.Union(piece);
        Grow(piece);
    }

    private void Grow(Box letters)
    {
        (_top, _bottom) = (Math.Min(_top, letters.Top), Math.Max(_bottom, letters.Bottom));
        _height = null;
        Absorb(letters);
    }

    /// <summary>A mark that belongs to the line, but says nothing about its height.</summary>
    public void Absorb(Box mark) => (_left, _right) = (Math.Min(_left, mark.Left), Math.Max(_right, mark.Right));

    /// <summary>Whether another chain, which starts further right, goes on with this line.</summary>
    public bool Precedes(LineChain other, float widestGap)
    {
        Box last = Last;
        Box next = other._letters[0];
        // Most pairs are on other rows.
        if (2 * last.SharedRows(next) < Math.Min(last.Height, next.Height))
            return false;
        int height = Height;
        int otherHeight = other.Height;
        int gap = next.Left - last.Right;
        return gap > -height && gap <= widestGap * height && 3 * Math.Min(height, otherHeight) >= 2 * Math.Max(height, otherHeight);
    }

    public void Append(LineChain other)
    {
        _letters.AddRange(other._letters);
        _letters.Sort((a, b) => a.Left.CompareTo(b.Left));
        Grow(other.Box);
    }

    /// <summary>Whether it is so much higher that the other may be marks which belong to it.</summary>
    public bool IsHigherThan(LineChain marks) => marks.Height <= 0.7 * Height;

    /// <summary>Whether smaller marks belong to this line: they lie beside its letters, or close above them.</summary>
    public bool Holds(LineChain marks)
    {
        int height = Height;
        Box box = marks.Box;
        // Most pairs are not beside each other: no letter is nearer than the line.
        if (Math.Max(_left - box.Right, box.Left - _right) > 0.8 * height || !IsHigherThan(marks) || box.Width > 12 * height)
            return false;
        Box near = _letters.MinBy(l => Math.Max(0, Math.Max(l.Left - box.Right, box.Left - l.Right)));
        int distance = Math.Max(near.Left - box.Right, box.Left - near.Right);
        return distance <= 0.8 * height && box.CentreY >= near.Bottom - 1.5 * Math.Max(near.Height, height)
            && box.CentreY <= near.Bottom + 0.3 * height;
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
