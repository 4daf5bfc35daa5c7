using PageReader.Drawing;

namespace PageReader.Reading;

/// <summary>The classes of the recognisers.</summary>
public static class Alphabet
{
    /// <summary>Nothing ends or starts here: the class between characters.</summary>
    public const int Blank = 0;

    /// <summary>The character of each class, in order; that of <see cref="Blank"/> stands for none.</summary>
    public static string Classes { get; } = "\0 " + GlyphTable.Characters;

    /// <summary>Columns of the input for each step of the output.</summary>
    public const int ColumnsPerStep = 2;
}
