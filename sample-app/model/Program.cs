using LabelGlyphsModel;
using LabelGlyphsModel.Training;
using LabelReader.Imaging;
using LabelReader.Reading;

// Without arguments: writes the model and the sample images into ../LabelReader.
// --check: writes nothing; says whether the files there are what this program makes.
if (args is not ([] or ["--check"]))
{
    Console.Error.WriteLine("usage: dotnet run --project sample-app/model [-- --check]");
    return 1;
}
string application = Path.Combine(FindSampleApp(), "LabelReader");
string modelPath = Path.Combine(application, "models", "label_glyphs.onnx");

byte[] model = LabelModel.Make(Console.WriteLine);
using OnnxScorer scorer = new(model);
bool good = IsAccurate(scorer);
foreach (SampleImage sample in SampleImage.All)
    good &= ReadsAsDrawn(sample, scorer);
if (!good)
    return 1;
return args.Length == 0 ? WriteFiles() : CheckFiles();

bool IsAccurate(OnnxScorer scorer)
{
    const double Least = 0.99;
    GlyphSet heldOut = GlyphSet.Draw(7_200, seed: 99, GlyphSet.HeldOutHeights);
    int right = 0;
    Dictionary<string, int> mistakes = [];
    for (int i = 0; i < heldOut.Count; i++)
    {
        float[] scores = scorer.Score(heldOut.Glyph(i));
        int best = Array.IndexOf(scores, scores.Max());
        if (best == heldOut.Label(i))
            right++;
        else
            mistakes[$"{Transcript.Classes[heldOut.Label(i)]} read as {Transcript.Classes[best]}"] = mistakes.GetValueOrDefault($"{Transcript.Classes[heldOut.Label(i)]} read as {Transcript.Classes[best]}") + 1;
    }
    double accuracy = (double)right / heldOut.Count;
    Console.WriteLine($"held-out glyphs (other sizes, other distortions): {accuracy:P2} of {heldOut.Count} right; {Least:P0} wanted");
    foreach ((string mistake, int count) in mistakes.OrderByDescending(m => m.Value).ThenBy(m => m.Key, StringComparer.Ordinal).Take(5))
        Console.WriteLine($"  {mistake}: {count}");
    return accuracy >= Least;
}

static bool ReadsAsDrawn(SampleImage sample, OnnxScorer scorer)
{
    Page page = Page.TakeApart(sample.Draw());
    string[] read = page.GlyphCount == 0 ? [] : [.. Transcript.Of(page, scorer.Score(page.Glyphs)).Select(l => l.Text)];
    bool same = read.SequenceEqual(sample.Lines);
    Console.WriteLine($"{sample.FileName}: {(same ? "read as drawn" : "read as " + string.Join(" / ", read))}");
    return same;
}

int WriteFiles()
{
    File.WriteAllBytes(modelPath, model);
    foreach (SampleImage sample in SampleImage.All)
        File.WriteAllBytes(Path.Combine(application, "samples", sample.FileName), sample.Encode());
    Console.WriteLine("written to sample-app/LabelReader");
    return 0;
}

// The model byte for byte; images by their pixels, since packing may differ between versions of zlib.
int CheckFiles()
{
    bool same = File.Exists(modelPath) && File.ReadAllBytes(modelPath).AsSpan().SequenceEqual(model);
    Console.WriteLine($"label_glyphs.onnx: {(same ? "the same" : "DIFFERENT")}");
    foreach (SampleImage sample in SampleImage.All)
    {
        string written = Path.GetTempFileName();
        File.WriteAllBytes(written, sample.Encode());
        string committed = Path.Combine(application, "samples", sample.FileName);
        bool equal = File.Exists(committed) && ImageFile.Read(committed).Pixels.AsSpan().SequenceEqual(ImageFile.Read(written).Pixels);
        File.Delete(written);
        Console.WriteLine($"{sample.FileName}: {(equal ? "the same" : "DIFFERENT")}");
        same &= equal;
    }
    return same ? 0 : 1;
}

static string FindSampleApp()
{
    for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
    {
        if (File.Exists(Path.Combine(folder.FullName, "model", "LabelGlyphsModel.csproj")))
            return folder.FullName;
    }
    throw new DirectoryNotFoundException("sample-app was not found above " + AppContext.BaseDirectory);
}
