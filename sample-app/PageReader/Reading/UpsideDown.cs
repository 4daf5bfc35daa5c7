namespace PageReader.Reading;

/// <summary>Whether a page stands on its head, as its lines tell.</summary>
public static class UpsideDown
{
    // A line says less about how a page lies than all of them together, and few are enough.
    private const int MostWitnesses = 24;

    /// <summary>The lines that are asked: the widest.</summary>
    public static IReadOnlyList<LineCrop> Witnesses(Page page) => [.. page.Crops.OrderByDescending(c => c.Width).Take(MostWitnesses)];

    /// <summary>What they say together.</summary>
    /// <param name="answers">Of each line, the probabilities that it stands upright, and that it stands on its head.</param>
    public static bool Told(IEnumerable<(float Upright, float Turned)> answers) =>
        // Independent witnesses: the odds are multiplied, none of them alone decides.
        answers.Sum(a => Math.Clamp(Math.Log(a.Turned + 1e-6) - Math.Log(a.Upright + 1e-6), -4, 4)) > 0;
}
