using PageReader.Reading;

namespace PageReader.Training.Pages;

/// <summary>How many characters were read right.</summary>
/// <param name="Characters">That the pages hold, with the ends of lines.</param>
/// <param name="Mistakes">Characters to insert, remove or replace until what was read is what stands there (Levenshtein 1966).</param>
internal sealed record Accuracy(int Characters, int Mistakes)
{
    public double Right => 1 - (double)Mistakes / Characters;

    public Accuracy And(Accuracy other) => new(Characters + other.Characters, Mistakes + other.Mistakes);

    public static Accuracy Of(IReadOnlyList<string> truth, Scan read)
    {
        string expected = string.Join('\n', truth);
        return new Accuracy(expected.Length, Distance(expected, string.Join('\n', read.Rows().Select(r => r.Text))));
    }

    private static int Distance(string a, string b)
    {
        int[] above = [.. Enumerable.Range(0, b.Length + 1)];
        int[] row = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
                row[j] = Math.Min(Math.Min(row[j - 1], above[j]) + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            (above, row) = (row, above);
        }
        return above[b.Length];
    }
}
