using System.CommandLine;
using Cleave;
using LabelReader;
using LabelReader.Imaging;

Option<string?> imageOption = new("--image")
{
    Description = "The image to read: PNG (8 bits, not interlaced), or binary PPM or PGM.",
    HelpName = "FILE",
};
RootCommand command = new("Reads the digits and capital letters of a printed label.") { imageOption };
command.SetAction(async (arguments, cancellationToken) =>
{
    string? image = arguments.GetValue(imageOption);
    if (image is null)
    {
        Console.WriteLine("Usage: LabelReader --image FILE    (PNG, PPM or PGM; --help says more)");
        Console.WriteLine("No image was passed, so this reads one that comes with the program.");
        Console.WriteLine();
        image = Path.Combine(AppContext.BaseDirectory, "samples", "shelf-label.png");
    }
    return await ReadAsync(image, cancellationToken);
});
return await command.Parse(args).InvokeAsync();

static async Task<int> ReadAsync(string path, CancellationToken cancellationToken)
{
    try
    {
        GrayImage image = ImageFile.Read(path);
        await using LabelGlyphsRunner model = new();
        LabelScanner scanner = new(model);
        ScanResult first = await scanner.ScanAsync(image, cancellationToken);
        ScanResult again = await scanner.ScanAsync(image, cancellationToken);
        Report.Show(path, image, first, again);
        return 0;
    }
    catch (ImageException e)
    {
        string file = path.Length == 0 ? "" : OneLine(path) + ": ";
        Console.Error.WriteLine($"LabelReader: {file}{OneLine(e.Message)}");
    }
    catch (CleaveException e)
    {
        Console.Error.WriteLine($"LabelReader: the model cannot be used: {OneLine(e.Message)}");
    }
    return 1;
}

// Nothing that a path or message holds may steer the terminal or break the line.
static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
