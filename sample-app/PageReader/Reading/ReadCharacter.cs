namespace PageReader.Reading;

/// <summary>A character that was read, and where: at which step of the recogniser's output.</summary>
public readonly record struct ReadCharacter(char Character, float Confidence, float Step);
