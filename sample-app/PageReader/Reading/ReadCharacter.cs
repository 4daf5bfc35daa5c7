namespace PageReader.Reading;

/// <summary>A character that was read.</summary>
public readonly record struct ReadCharacter(char Character, float Confidence);
