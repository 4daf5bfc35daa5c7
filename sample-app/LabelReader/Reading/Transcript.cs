using System.Text;

namespace LabelReader.Reading;

/// <summary>A line as it was read. Confidence is the model's probability for the letter it chose: the mean, and the least.</summary>
public sealed record ReadLine(string Text, int Glyphs, float Confidence, float LeastConfidence);

/// <summary>Turns the model's scores into text.</summary>
public static class Transcript
{
    /// <summary>The model's classes, in order.</summary>
    public const string Classes = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// <param name="page">The page whose glyphs were scored.</param>
    /// <param name="scores">[glyphs, 36], in the page's order.</param>
    public static IReadOnlyList<ReadLine> Of(Page page, ReadOnlySpan<float> scores)
    {
        List<ReadLine> lines = [];
        int glyph = 0;
        foreach (TextLine line in page.Lines)
        {
            StringBuilder text = new();
            float sum = 0;
            float least = 1;
            for (int i = 0; i < line.Glyphs.Count; i++, glyph++)
            {
                (char letter, float score) = Best(scores.Slice(glyph * Classes.Length, Classes.Length));
                if (line.StartsWord(i))
                    text.Append(' ');
                text.Append(letter);
                sum += score;
                least = Math.Min(least, score);
            }
            lines.Add(new ReadLine(text.ToString(), line.Glyphs.Count, sum / line.Glyphs.Count, least));
        }
        return lines;
    }

    private static (char Letter, float Score) Best(ReadOnlySpan<float> scores)
    {
        int best = 0;
        for (int i = 1; i < scores.Length; i++)
        {
            if (scores[i] > scores[best])
                best = i;
        }
        return (Classes[best], scores[best]);
    }
}
