namespace PageReader.Drawing;

/// <summary>Where a character was drawn: its room along the line, in pixels from the line's start.</summary>
public readonly record struct DrawnCharacter(char Character, float Start, float End);
