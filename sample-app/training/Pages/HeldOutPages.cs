using PageReader.Drawing;

namespace PageReader.Training.Pages;

/// <summary>Pages that training never saw: other words, and styles, sizes and light drawn anew.</summary>
internal static class HeldOutPages
{
    private const ulong FirstSeed = 900_000;
    /// <summary>How many pages accuracy is stated for.</summary>
    public const int Count = 24;

    private const int Lines = 14;

    private static readonly string[] Words =
    [
        "about", "above", "across", "after", "again", "against", "almost", "always", "amount", "answer", "apple", "autumn", "balance", "before", "between", "bottle",
        "bridge", "broken", "button", "canvas", "carbon", "castle", "centre", "change", "choose", "circle", "coffee", "column", "copper", "corner", "cotton", "council",
        "credit", "custom", "damage", "danger", "decade", "degree", "design", "desk", "dinner", "direct", "divide", "doctor", "dozen", "early", "eight", "energy",
        "engine", "enough", "every", "export", "fabric", "factor", "family", "figure", "filter", "finger", "finish", "flight", "forest", "formal", "fresh", "garden",
        "gentle", "global", "ground", "growth", "guide", "handle", "happy", "harbour", "height", "hidden", "honest", "hotel", "image", "income", "insect", "island",
        "jacket", "joint", "judge", "juice", "kettle", "kitchen", "knife", "label", "ladder", "leader", "length", "letter", "level", "liquid", "little", "lunch",
        "market", "matter", "measure", "middle", "mirror", "modern", "moment", "mountain", "nature", "needle", "normal", "notice", "number", "object", "ocean", "office",
        "orange", "origin", "paper", "pepper", "period", "phone", "picture", "pocket", "police", "price", "public", "quarter", "queen", "quick", "quiet", "railway",
        "random", "record", "region", "repair", "result", "return", "river", "rubber", "salt", "sample", "school", "season", "second", "senior", "shadow", "silver",
        "simple", "small", "speech", "square", "station", "street", "summer", "supply", "system", "table", "target", "temple", "ticket", "travel", "twelve", "unique",
        "value", "velvet", "village", "volume", "waiter", "water", "weight", "window", "winter", "yellow", "zebra", "zone",
    ];

    public static IReadOnlyList<DrawnPage> Draw(int count) => [.. Enumerable.Range(0, count).Select(i => Draw(FirstSeed + (ulong)i))];

    private static DrawnPage Draw(ulong seed)
    {
        SeededRandom random = new(seed);
        float unit = random.Range(1.6f, 2.6f);
        TextStyle style = RandomStyle.Draw(random);
        List<PlacedText> texts = [];
        float longest = 0;
        float y = 22 * unit;
        for (int i = 0; i < Lines; i++)
        {
            // The style changes after each third of the page.
            if (i % 5 == 4)
                style = RandomStyle.Draw(random);
            string text = Line(random);
            texts.Add(new PlacedText(text, style, 18 * unit, y, unit));
            longest = Math.Max(longest, TextPainter.Measure(text, style) * unit);
            y += random.Range(19, 24) * unit;
        }
        return new DrawnPage((int)(longest + 36 * unit), (int)(y + 5 * unit), texts, Look.Usual(random), seed)
        {
            Slope = random.Range(-0.02f, 0.02f),
            Text = [.. texts.Select(t => t.Text)],
        };
    }

    private static string Line(SeededRandom random)
    {
        List<string> items = [];
        int count = 2 + random.Below(5);
        for (int i = 0; i < count; i++)
            items.Add(Item(random, i == 0));
        return string.Join(' ', items) + (random.Below(4) == 0 ? "." : "");
    }

    private static string Item(SeededRandom random, bool first)
    {
        string word = Words[random.Below(Words.Length)];
        return random.Below(14) switch
        {
            0 => $"{random.Below(100_000)}",
            1 => $"${random.Below(900)}.{random.Below(90) + 10}",
            2 => $"{random.Below(28) + 1:00}-{random.Below(12) + 1:00}-20{random.Below(30):00}",
            3 => $"{random.Below(24)}:{random.Below(60):00}",
            4 => word.ToUpperInvariant(),
            5 => $"({word})",
            6 => word + ",",
            7 => $"{random.Below(100)}%",
            8 => $"No. {(char)('A' + random.Below(26))}{random.Below(1000)}",
            _ => first || random.Below(6) == 0 ? char.ToUpperInvariant(word[0]) + word[1..] : word,
        };
    }
}
