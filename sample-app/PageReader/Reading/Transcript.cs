namespace PageReader.Reading;

/// <summary>What a line says.</summary>
public sealed record Transcript(IReadOnlyList<ReadCharacter> Characters)
{
    public string Text { get; } = string.Concat(Characters.Select(c => c.Character));

    /// <summary>
    /// How sure the recogniser is which characters these are: the share of the chosen one among all characters, the mean over
    /// the line; 0 where there are none. Whether there is a character at all (what it gives the blank) is left out.
    /// </summary>
    public float Confidence { get; } = Characters.Count == 0 ? 0 : Characters.Average(c => c.Confidence);

    /// <summary>
    /// Steps in a row that are not blank are one character: the class that is the most probable over all of them. (Greedy
    /// decoding, as after CTC, Graves et al. 2006, may take such a run for several; here training separates all
    /// characters by blanks.)
    /// </summary>
    /// <param name="scores">A probability each.</param>
    /// <param name="shape">[1, steps, classes].</param>
    /// <exception cref="InvalidDataException">The recogniser has other classes than the alphabet.</exception>
    public static Transcript Of(ReadOnlySpan<float> scores, ReadOnlySpan<int> shape)
    {
        int classes = Alphabet.Classes.Length;
        // Each step would be taken for a piece of another one.
        if (shape.Length == 0 || shape[^1] != classes)
            throw new InvalidDataException($"it tells {(shape.Length == 0 ? 0 : shape[^1])} classes apart, and the alphabet has {classes}; train the recognisers again (sample-app/training)");
        int steps = scores.Length / classes;
        List<ReadCharacter> characters = [];
        float[] sums = new float[classes];
        int start = 0;
        for (int step = 0; step <= steps; step++)
        {
            bool blank = step == steps || scores[step * classes + Alphabet.Blank] >= 0.5f;
            if (!blank)
            {
                for (int c = 0; c < classes; c++)
                    sums[c] += scores[step * classes + c];
                continue;
            }
            if (step > start)
                characters.Add(Character(sums));
            Array.Clear(sums);
            start = step + 1;
        }
        return new Transcript(Trimmed(characters));
    }

    private static ReadCharacter Character(float[] sums)
    {
        sums[Alphabet.Blank] = 0;
        int best = sums.AsSpan().IndexOf(sums.Max());
        return new ReadCharacter(Alphabet.Classes[best], sums[best] / sums.Sum());
    }

    // No spaces at the ends, and one where there are several.
    private static List<ReadCharacter> Trimmed(List<ReadCharacter> characters)
    {
        List<ReadCharacter> kept = [];
        foreach (ReadCharacter c in characters)
        {
            if (c.Character != ' ' || (kept.Count > 0 && kept[^1].Character != ' '))
                kept.Add(c);
        }
        if (kept.Count > 0 && kept[^1].Character == ' ')
            kept.RemoveAt(kept.Count - 1);
        return kept;
    }
}
