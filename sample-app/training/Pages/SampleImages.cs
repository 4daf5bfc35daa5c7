using PageReader.Drawing;

namespace PageReader.Training.Pages;

/// <summary>The images that come with the application.</summary>
internal static class SampleImages
{
    public static IReadOnlyList<(string File, DrawnPage Page)> All { get; } =
    [
        ("receipt.png", Receipt()),
        ("label.png", Label()),
        ("noisy-scan.png", NoisyScan()),
        ("two-columns.png", TwoColumns()),
    ];

    private static DrawnPage Receipt()
    {
        TextStyle till = new() { EqualWidths = true, Cell = 8.8f, Pen = 1, Shape = 3 };
        TextStyle wide = till with { Cell = 13, Stretch = 1.5f, Pen = 1.4f };
        (string Left, string Right)[] lines =
        [
            ("The Corner Bakery", ""), ("24 Mill Lane, Oxbridge", ""), ("Tel. 555-0187", ""), ("", ""),
            ("2 x Rye bread", "$8.40"), ("1 x Apple pie", "$12.95"), ("3 x Coffee (XL)", "$10.50"), ("1 x Jam & butter", "$4.25"), ("", ""),
            ("Subtotal", "$36.10"), ("VAT 8.5%", "$3.07"),
        ];
        List<PlacedText> texts = [];
        List<string> text = [];
        float y = 70;
        foreach ((string left, string right) in lines)
        {
            if (left.Length > 0)
            {
                texts.Add(new(left, till, 40, y, 1.75f));
                if (right.Length > 0)
                    texts.Add(new(right, till, 440 - TextPainter.Measure(right, till) * 1.75f, y, 1.75f));
                text.Add(right.Length > 0 ? left + "  " + right : left);
            }
            y += 34;
        }
        texts.Add(new("TOTAL", wide, 40, y + 12, 1.9f));
        texts.Add(new("$39.17", wide, 440 - TextPainter.Measure("$39.17", wide) * 1.9f, y + 12, 1.9f));
        texts.Add(new("26-11-2026 14:05  Card *7731", till with { Cell = 8 }, 40, y + 70, 1.6f));
        texts.Add(new("THANK YOU! COME AGAIN", till, 60, y + 110, 1.75f));
        return new DrawnPage(480, 610, texts, new Look { Paper = 218, Ink = 70, LightAcross = -0.25f, LightDown = 0.2f, Blur = 0.8f, Noise = 5 }, 2001)
        {
            Slope = 0.012f,
            Text = [.. text, "TOTAL  $39.17", "26-11-2026 14:05 Card *7731", "THANK YOU! COME AGAIN"],
        };
    }

    private static DrawnPage Label()
    {
        TextStyle bold = new() { Pen = 1.8f, Bearing = 1.6f, Shape = 11 };
        TextStyle plain = new() { Pen = 1.1f, Shape = 11 };
        TextStyle code = new() { EqualWidths = true, Pen = 1.2f, Shape = 6 };
        return new DrawnPage(640, 330,
            [
                new("FRAGILE: Glassware", bold, 36, 72, 3.4f),
                new("Ship to: J. Whitfield", plain, 36, 126, 2.3f),
                new("8 Harbour Street, Dock 14", plain, 36, 168, 2.3f),
                new("Weight 12.5 kg / 27.6 lb", plain, 36, 210, 2.3f),
                new("LOT 8Q5Z-K3", code, 36, 268, 2.8f),
                new("#40718", code, 420, 268, 2.8f),
                new("Keep dry! Open with care.", plain with { Slant = 0.2f }, 36, 308, 1.9f),
            ],
            new Look { Paper = 205, Ink = 40, LightAcross = 0.35f, LightDown = -0.2f, Blur = 1, Noise = 6 }, 2002)
        {
            Slope = -0.015f,
            Text =
            [
                "FRAGILE: Glassware", "Ship to: J. Whitfield", "8 Harbour Street, Dock 14", "Weight 12.5 kg / 27.6 lb",
                "LOT 8Q5Z-K3  #40718", "Keep dry! Open with care.",
            ],
        };
    }

    private static DrawnPage NoisyScan()
    {
        string[] lines =
        [
            "Dear Ms. Okafor,", "thank you for your letter of 3 March. We have", "checked the invoice (No. 20417) and found that", "item 6 was billed twice: $118.60 instead of",
            "$59.30. The difference will be paid back", "within 14 days. Is account 77-2093 still yours?", "Kind regards,", "P. Lindqvist, Accounts",
        ];
        TextStyle serif = new() { Pen = 1.05f, Serifs = 0.9f, Shape = 20, Bearing = 1.45f };
        return new DrawnPage(760, 420, [.. lines.Select((l, i) => new PlacedText(l, serif, 45, 60 + i * 44, 2))],
            new Look { Paper = 196, Ink = 62, LightAcross = 0.15f, LightDown = 0.1f, Blur = 1.2f, Noise = 16, Specks = 0.006f }, 2003)
        {
            Slope = 0.008f,
            Text = lines,
        };
    }

    private static DrawnPage TwoColumns()
    {
        string[] left =
        [
            "A river does not hurry. It", "takes the shape of every", "bank, carries what it can,", "and leaves the rest for", "spring. In 1874 the first", "bridge was built here; it",
            "stood for 31 years. Then", "came the flood, and the", "town learned to wait.",
        ];
        string[] right =
        [
            "Today 4,200 people live", "between the mill and the", "railway. Half of them fish", "(or say they do). \"There is", "time,\" they tell visitors,", "and pour another cup.",
            "Is that so? Ask the ferry-", "man: he has crossed more", "than 90,000 times.",
        ];
        TextStyle book = new() { Pen = 0.95f, Shape = 41, Bearing = 1.15f, SmallLetters = 0.95f };
        TextStyle title = new() { Pen = 1.5f, Bearing = 1.5f, Shape = 41 };
        return new DrawnPage(900, 480,
            [
                new("The Town by the River", title, 250, 62, 2.8f),
                .. left.Select((l, i) => new PlacedText(l, book, 50, 120 + i * 38, 2)),
                .. right.Select((l, i) => new PlacedText(l, book, 490, 120 + i * 38, 2)),
            ],
            new Look { Paper = 238, Ink = 40, Blur = 0.6f, Noise = 3 }, 2004)
        {
            Text = ["The Town by the River", .. left, .. right],
        };
    }
}
