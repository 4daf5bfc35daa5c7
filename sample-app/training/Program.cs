using System.Diagnostics;
using System.Globalization;
using PageReader.Imaging;
using PageReader.Reading;
using PageReader.Training;
using PageReader.Training.Pages;

// Makes the application's models and sample images, and measures how well the models read.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string application = Path.Combine(FindSampleApp(), "PageReader");
string models = Path.Combine(application, "models");
string samples = Path.Combine(application, "samples");
switch (args)
{
    case ["make"]:
        MakeModels(SampleModel.All, models);
        WriteImages();
        return Measure();
    case ["make", "--out", string folder]:
        MakeModels(SampleModel.All, folder);
        return Check(folder);
    case ["make", string name] when SampleModel.All.Any(m => m.Name == name):
        MakeModels(SampleModel.All.Where(m => m.Name == name), models);
        return 0;
    case ["images"]:
        WriteImages();
        return 0;
    case ["measure"]:
        return Measure();
    default:
        Console.Error.WriteLine("""
            usage: dotnet run -c Release --project sample-app/training -- VERB
              make               trains all models, draws the sample images, writes both into ../PageReader, and measures
              make NAME          trains one model: orientation, recognizer_a, recognizer_b or recognizer_c
              make --out FOLDER  trains all models into a folder, and says whether the committed ones are the same
              images             draws the sample images
              measure            how well the committed models read held-out pages
            """);
        return 1;
}

static void MakeModels(IEnumerable<SampleModel> wanted, string folder)
{
    Directory.CreateDirectory(folder);
    Stopwatch watch = Stopwatch.StartNew();
    foreach (SampleModel model in wanted)
    {
        byte[] file = model.Make(Console.WriteLine);
        File.WriteAllBytes(Path.Combine(folder, model.File), file);
        Console.WriteLine($"{model.File}: {file.Length} bytes");
    }
    Console.WriteLine($"training took\t{watch.Elapsed.TotalSeconds:F0}\ts");
}

void WriteImages()
{
    Directory.CreateDirectory(samples);
    foreach ((string file, DrawnPage page) in SampleImages.All)
        File.WriteAllBytes(Path.Combine(samples, file), PngWriter.Gray(page.Draw()));
}

int Check(string folder)
{
    bool same = true;
    foreach (SampleModel model in SampleModel.All)
    {
        bool equal = File.ReadAllBytes(Path.Combine(models, model.File)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(folder, model.File)));
        Console.WriteLine($"{model.File}: {(equal ? "the same" : "DIFFERENT")}");
        same &= equal;
    }
    return same ? 0 : 1;
}

int Measure()
{
    List<OnnxScorer> recognizers = [.. SampleModel.Recognizers.Select(Scorer)];
    using OnnxScorer orientation = Scorer(SampleModel.Orientation);
    HeldOutResult result = HeldOutResult.Of(HeldOutPages.Draw(HeldOutPages.Count), recognizers, orientation);
    for (int i = 0; i < recognizers.Count; i++)
        Console.WriteLine($"{SampleModel.Recognizers[i].Name}\t{result.Members[i].Right:F5}\tof {result.Members[i].Characters} characters");
    Console.WriteLine("widths\t" + string.Join(' ', SampleImages.All.SelectMany(s => Page.TakeApart(s.Page.Draw()).Crops).Select(c => c.Width)));
    Console.WriteLine($"ensemble\t{result.Ensemble.Right:F5}\tof {result.Ensemble.Characters} characters");
    Console.WriteLine($"orientation\t{result.Orientation:F5}\tof {2 * HeldOutPages.Count} pages, each upright and on its head");
    foreach (OnnxScorer recognizer in recognizers)
        recognizer.Dispose();
    return 0;
}

OnnxScorer Scorer(SampleModel model) => new(File.ReadAllBytes(Path.Combine(models, model.File)));

static string FindSampleApp()
{
    for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
    {
        if (File.Exists(Path.Combine(folder.FullName, "training", "Training.csproj")))
            return folder.FullName;
    }
    throw new DirectoryNotFoundException("sample-app was not found above " + AppContext.BaseDirectory);
}
