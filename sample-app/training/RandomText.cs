using System.Text;
using PageReader.Reading;

namespace PageReader.Training;

/// <summary>Text as pages hold it: words, numbers, prices, dates, codes, and every character in any company.</summary>
internal static class RandomText
{
    private const string Vowels = "eeeaaioouy";
    private const string Consonants = "ttnnssrrlldhcmfpgwbvkxjqz";
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Digits = "0123456789";

    /// <summary>A line of about so many characters.</summary>
    public static string Line(SeededRandom random, int length)
    {
        StringBuilder line = new();
        bool capitals = random.Below(4) == 0;
        while (line.Length < length)
        {
            if (line.Length > 0)
                line.Append(' ');
            line.Append(Item(random, capitals));
        }
        return line.ToString();
    }

    private static string Item(SeededRandom random, bool capitals)
    {
        switch (random.Below(12))
        {
            case 0:
                return Number(random, 1 + random.Below(6));
            case 1:
                return $"{(random.Below(2) == 0 ? "$" : "")}{Number(random, 1 + random.Below(3))}{(random.Below(5) == 0 ? "," : ".")}{Number(random, 2)}";
            case 2:
                return random.Below(2) == 0
                    ? $"{Number(random, 2)}-{Number(random, 2)}-{Number(random, 4)}"
                    : $"{Number(random, 2)}{(random.Below(2) == 0 ? ":" : "/")}{Number(random, 2)}";
            case 3:
                return Code(random);
            case 4 or 5:
                return AnyCharacters(random);
            default:
                string word = Word(random);
                if (capitals)
                    word = word.ToUpperInvariant();
                else if (random.Below(4) == 0)
                    word = char.ToUpperInvariant(word[0]) + word[1..];
                return Punctuated(word, random);
        }
    }

    private static string Punctuated(string word, SeededRandom random) => random.Below(22) switch
    {
        0 => word + ".",
        1 => word + ",",
        2 => word + ":",
        3 => word + "!",
        4 => word + "?",
        5 => word + ";",
        6 => "(" + word + ")",
        7 => "\"" + word + "\"",
        8 => word + "'s",
        9 => word + "-" + Word(random),
        10 => word + "%",
        _ => word,
    };

    private static string Word(SeededRandom random)
    {
        StringBuilder word = new();
        int length = 2 + random.Below(8);
        bool vowel = random.Below(3) == 0;
        while (word.Length < length)
        {
            string letters = vowel ? Vowels : Consonants;
            char letter = letters[random.Below(letters.Length)];
            word.Append(letter);
            if (random.Below(8) == 0)
                word.Append(letter);
            vowel = random.Below(5) == 0 ? vowel : !vowel;
        }
        return word.ToString();
    }

    private static string Code(SeededRandom random)
    {
        StringBuilder code = new();
        int length = 2 + random.Below(6);
        for (int i = 0; i < length; i++)
            code.Append(random.Below(2) == 0 ? Upper[random.Below(26)] : Digits[random.Below(10)]);
        return code.ToString();
    }

    private static string AnyCharacters(SeededRandom random)
    {
        StringBuilder text = new();
        int length = 2 + random.Below(7);
        for (int i = 0; i < length; i++)
            text.Append(Alphabet.Classes[2 + random.Below(Alphabet.Classes.Length - 2)]);
        return text.ToString();
    }

    private static string Number(SeededRandom random, int digits)
    {
        StringBuilder number = new();
        for (int i = 0; i < digits; i++)
            number.Append(Digits[random.Below(10)]);
        return number.ToString();
    }
}
