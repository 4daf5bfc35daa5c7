namespace PageReader.Drawing;

/// <summary>The kinds of style that a shape is for.</summary>
[Flags]
public enum GlyphWidths
{
    Own = 1,
    Equal = 2,
    Both = Own | Equal,
}
