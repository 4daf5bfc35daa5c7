using Cleave;
using PageReader.Imaging;
using PageReader.Reading;

namespace PageReader;

/// <summary>Reads images one after the other; one that fails does not keep the others from being read.</summary>
/// <param name="scanner">Reads each.</param>
/// <param name="report">Gets what was read, and one line for each that failed.</param>
/// <param name="folder">Where the pictures go.</param>
internal sealed class PageRun(PageScanner scanner, Report report, string folder)
{
    private readonly PictureNames _names = new();
    private readonly List<LineCrop> _lines = [];

    /// <summary>How many images could not be read, or their pictures not be written.</summary>
    public int Failed { get; private set; }

    /// <summary>The lines of all pages that were read.</summary>
    public IReadOnlyList<LineCrop> Lines => _lines;

    public async Task ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            Scan scan = await scanner.ScanAsync(ImageFile.Read(path), cancellationToken);
            _lines.AddRange(scan.Page.Crops);
            report.Text(path, scan);
            Write(path, scan);
        }
        catch (ImageException e)
        {
            Fail(path, e.Message);
        }
        // The models were opened: it is about this page.
        catch (CleaveException e)
        {
            Fail(path, "a model failed on this page: " + e.Message);
        }
    }

    private void Write(string path, Scan scan)
    {
        string picture = Path.Combine(folder, _names.For(path));
        try
        {
            File.WriteAllBytes(picture, Annotation.Png(scan));
            report.Picture(picture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(path, $"the picture {picture} cannot be written: {e.Message}");
        }
    }

    private void Fail(string path, string message)
    {
        Failed++;
        report.Error(path.Length == 0 ? message : $"{path}: {message}");
    }
}
