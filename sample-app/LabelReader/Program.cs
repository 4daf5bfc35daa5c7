using System.CommandLine;
using Cleave;
using LabelReader;
using LabelReader.Imaging;
using Spectre.Console;

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
        ScanResult result = await new LabelScanner(model).ScanAsync(image, cancellationToken);
        Report.Show(AnsiConsole.Console, path, image, result);
        return 0;
    }
    catch (ImageException e)
    {
        Console.Error.WriteLine($"LabelReader: {path}: {e.Message}");
    }
    catch (CleaveException e)
    {
        Console.Error.WriteLine($"LabelReader: the model cannot be used: {e.Message}");
    }
    return 1;
}
