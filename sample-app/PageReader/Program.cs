using System.CommandLine;
using Cleave;
using PageReader;
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
outOption.Validators.Add(result =>
{
    if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
        result.AddError("--out is empty; pass the folder for the images with boxes and text.");
});
Option<bool> timeOption = new("--time")
{
    Description = "Also times three ways to read the lines: all of them are read 27 times more. Done without --image in any case.",
};
RootCommand command = new("Reads the text of printed pages.") { imageOption, outOption, timeOption };
command.SetAction(async (arguments, cancellationToken) =>
{
    string[] images = arguments.GetValue(imageOption) ?? [];
    bool time = arguments.GetValue(timeOption);
    if (images.Length == 0)
    {
        Console.WriteLine("No image was passed (--image FILE), so this reads those that come with the program.");
        Console.WriteLine();
        images = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "samples")).Order(StringComparer.Ordinal)];
        time = true;
    }
    return await ReadAsync(images, arguments.GetValue(outOption)!, time, cancellationToken);
});
return await command.Parse(args).InvokeAsync();

static async Task<int> ReadAsync(string[] images, string folder, bool time, CancellationToken cancellationToken)
{
    Report report = new(AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
    }));
    try
    {
        await using OrientationRunner orientation = new();
        await using RecognizersRunner recognizers = new();
        Directory.CreateDirectory(folder);
        PageRun run = new(new PageScanner(orientation, recognizers), report, folder);
        foreach (string image in images)
            await run.ReadAsync(image, cancellationToken);
        if (time && run.Lines.Count > 0)
            await MeasureAsync(report, run.Lines, cancellationToken);
        return run.Failed == 0 ? 0 : 1;
    }
    catch (Exception e) when (e is CleaveException or InvalidDataException)
    {
        report.Error("a model cannot be used: " + e.Message);
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        report.Error($"the folder {folder} cannot be used: {e.Message}");
    }
    return 1;
}

static async Task MeasureAsync(Report report, IReadOnlyList<LineCrop> lines, CancellationToken cancellationToken)
{
    await using RecognizerARunner recognizer = new();
    ThreeWays ways = new(recognizer);
    report.Times(await report.ProgressAsync("Timing three ways to read the lines", ThreeWays.TotalRounds,
        roundDone => ways.MeasureAsync(lines, roundDone, cancellationToken)));
}
