using System.CommandLine;
using Cleave;
using PageReader;
using PageReader.Imaging;
using PageReader.Reading;
using Spectre.Console;

Option<string[]> imageOption = new("--image")
{
    Description = "An image to read: PNG (8 bits, not interlaced), or binary PPM or PGM. May be given several times.",
    HelpName = "FILE",
};
Option<string> outOption = new("--out")
{
    Description = "The folder for the images with boxes and text.",
    HelpName = "FOLDER",
    DefaultValueFactory = _ => "pages-read",
};
RootCommand command = new("Reads the text of printed pages.") { imageOption, outOption };
command.SetAction(async (arguments, cancellationToken) =>
{
    string[] images = arguments.GetValue(imageOption) ?? [];
    if (images.Length == 0)
    {
        Console.WriteLine("No image was passed (--image FILE), so this reads those that come with the program.");
        Console.WriteLine();
        images = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "samples")).Order(StringComparer.Ordinal)];
    }
    return await ReadAsync(images, arguments.GetValue(outOption)!, cancellationToken);
});
return await command.Parse(args).InvokeAsync();

static async Task<int> ReadAsync(string[] paths, string folder, CancellationToken cancellationToken)
{
    IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
    });
    try
    {
        await using OrientationRunner orientation = new();
        await using RecognizersRunner recognizers = new();
        PageScanner scanner = new(orientation, recognizers);
        Report report = new(console);
        Directory.CreateDirectory(folder);
        List<LineCrop> lines = [];
        int failed = 0;
        foreach (string path in paths)
        {
            if (await ReadPageAsync(path, folder, scanner, report, cancellationToken) is { } scan)
                lines.AddRange(scan.Page.Crops);
            else
                failed++;
        }
        if (lines.Count > 0)
            report.Times(await MeasureAsync(console, lines, cancellationToken));
        return failed == 0 ? 0 : 1;
    }
    catch (CleaveException e)
    {
        Console.Error.WriteLine($"PageReader: a model cannot be used: {OneLine(e.Message)}");
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"PageReader: {OneLine(folder)} cannot be written: {OneLine(e.Message)}");
    }
    return 1;
}

// Null where the image cannot be read: the others are read all the same.
static async Task<Scan?> ReadPageAsync(string path, string folder, PageScanner scanner, Report report, CancellationToken cancellationToken)
{
    try
    {
        Scan scan = await scanner.ScanAsync(ImageFile.Read(path), cancellationToken);
        string annotated = Path.Combine(folder, Path.GetFileNameWithoutExtension(path) + ".read.png");
        File.WriteAllBytes(annotated, Annotation.Png(scan));
        report.Text(path, scan, annotated);
        return scan;
    }
    catch (ImageException e)
    {
        string file = path.Length == 0 ? "" : OneLine(path) + ": ";
        Console.Error.WriteLine($"PageReader: {file}{OneLine(e.Message)}");
        return null;
    }
}

static async Task<WaysTimes> MeasureAsync(IAnsiConsole console, IReadOnlyList<LineCrop> lines, CancellationToken cancellationToken)
{
    await using RecognizerARunner recognizer = new();
    ThreeWays ways = new(recognizer);
    return await console.Progress().AutoClear(true).StartAsync(async context =>
    {
        ProgressTask task = context.AddTask("Timing three ways to read the lines", maxValue: ThreeWays.TotalRounds);
        return await ways.MeasureAsync(lines, () => task.Increment(1), cancellationToken);
    });
}

// Nothing that a path or message holds may steer the terminal or break the line.
static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
