namespace PageReader;

/// <summary>The names of the pictures that a run writes: images of the same name in two folders must not share one.</summary>
internal sealed class PictureNames
{
    // Some file systems take names that differ only in case for one.
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The name for an image's picture: that of the image, with a number from the second on.</summary>
    public string For(string image)
    {
        string stem = Path.GetFileNameWithoutExtension(image);
        string name = stem;
        for (int i = 2; !_taken.Add(name); i++)
            name = $"{stem}-{i}";
        return name + ".read.png";
    }
}
