using PageReader.Imaging;

namespace PageReader.Reading;

/// <summary>A page taken apart: its lines in reading order, each cut out for the models.</summary>
public sealed class Page
{
    internal Page(GrayImage image, IReadOnlyList<IReadOnlyList<TextLine>> rows, CancellationToken cancellationToken)
    {
        Image = image;
        Rows = rows;
        Lines = [.. rows.SelectMany(r => r)];
        Crops = [.. Lines.Select(Crop)];

        LineCrop Crop(TextLine line)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return LineCrop.Of(image, line);
        }
    }

    public GrayImage Image { get; }

    /// <summary>What stands side by side is one row.</summary>
    public IReadOnlyList<IReadOnlyList<TextLine>> Rows { get; }

    /// <summary>All lines, row by row.</summary>
    public IReadOnlyList<TextLine> Lines { get; }

    /// <summary>The lines as the models get them.</summary>
    public IReadOnlyList<LineCrop> Crops { get; }

    /// <exception cref="ImageException">The image shows more than a page of text can.</exception>
    public static Page TakeApart(GrayImage image, CancellationToken cancellationToken = default) =>
        new(image, ReadingOrder.Rows(LineFinder.Find(InkMask.Of(image), cancellationToken)), cancellationToken);

    /// <summary>The same page, upside down.</summary>
    public Page Turned(CancellationToken cancellationToken = default)
    {
        GrayImage turned = new(Image.Width, Image.Height);
        Image.Pixels.CopyTo(turned.Pixels, 0);
        Array.Reverse(turned.Pixels);
        return TakeApart(turned, cancellationToken);
    }
}
