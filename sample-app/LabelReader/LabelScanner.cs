using System.Diagnostics;
using Cleave;
using LabelReader.Imaging;
using LabelReader.Reading;

namespace LabelReader;

/// <summary>What a label says, and how long finding its characters and scoring them took.</summary>
internal sealed record ScanResult(IReadOnlyList<ReadLine> Lines, int Glyphs, TimeSpan Finding, TimeSpan Scoring);

/// <summary>Reads labels: finds the characters, and has the model score all of them in one call.</summary>
internal sealed class LabelScanner(IModelRunner<LabelGlyphsInput, LabelGlyphsOutput> model)
{
    /// <exception cref="ImageException">The image shows no text.</exception>
    public async Task<ScanResult> ScanAsync(GrayImage image, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        Page page = Page.TakeApart(image);
        if (page.GlyphCount == 0)
            throw new ImageException("no text was found");
        TimeSpan finding = Stopwatch.GetElapsedTime(start);

        start = Stopwatch.GetTimestamp();
        using LabelGlyphsOutput output = await model.RunAsync(
            new LabelGlyphsInput(batch: page.GlyphCount) { Glyphs = page.Glyphs }, cancellationToken);
        TimeSpan scoring = Stopwatch.GetElapsedTime(start);

        return new ScanResult(Transcript.Of(page, output.Scores.Span), page.GlyphCount, finding, scoring);
    }
}
