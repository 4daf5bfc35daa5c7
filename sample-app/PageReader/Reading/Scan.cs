namespace PageReader.Reading;

/// <summary>What a page says.</summary>
/// <param name="Page">The page, the right way up.</param>
/// <param name="Transcripts">What each of its lines says.</param>
/// <param name="WasTurned">Whether the image showed it upside down.</param>
public sealed record Scan(Page Page, IReadOnlyList<Transcript> Transcripts, bool WasTurned)
{
    // Below it, marks were taken for text.
    private const float LeastConfidence = 0.45f;

    /// <summary>
    /// The page's rows as text, each with the mean confidence of its characters: what stands side by side separated by two
    /// spaces, and what is no text left out.
    /// </summary>
    public IReadOnlyList<(string Text, float Confidence)> Rows()
    {
        List<(string, float)> rows = [];
        int next = 0;
        foreach (IReadOnlyList<TextLine> row in Page.Rows)
        {
            Transcript[] parts = [.. row.Select(_ => Transcripts[next++]).Where(IsText)];
            if (parts.Length > 0)
                rows.Add((string.Join("  ", parts.Select(p => p.Text)), parts.Sum(p => p.Confidence * p.Characters.Count) / parts.Sum(p => p.Characters.Count)));
        }
        return rows;
    }

    /// <summary>Whether a line is text rather than other marks.</summary>
    public static bool IsText(Transcript transcript) => transcript.Text.Length > 0 && transcript.Confidence >= LeastConfidence;
}
