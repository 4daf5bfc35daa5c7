using Cleave;
using PageReader.Imaging;
using PageReader.Reading;

namespace PageReader;

/// <summary>Reads pages in the three stages of the usual pipeline: finds the lines, turns the page upright, recognises the lines.</summary>
/// <param name="orientation">Tells upright lines from those on their head.</param>
/// <param name="recognizers">Reads lines: three models that answer as one.</param>
internal sealed class PageScanner(
    IModelRunner<OrientationInput, OrientationOutput> orientation,
    IModelRunner<RecognizersInput, RecognizersOutput> recognizers)
{
    /// <exception cref="ImageException">The image shows no text.</exception>
    public async Task<Scan> ScanAsync(GrayImage image, CancellationToken cancellationToken)
    {
        Page page = Page.TakeApart(image, cancellationToken);
        if (page.Lines.Count == 0)
            throw new ImageException("no text was found");
        bool turned = await IsUpsideDownAsync(page, cancellationToken);
        if (turned)
            page = page.Turned(cancellationToken);
        Scan scan = new(page, await RecognizeAsync(page.Crops, cancellationToken), turned);
        return scan.Rows().Count > 0 ? scan : throw new ImageException("no text was found that could be read");
    }

    // The lines differ in width: nothing is padded, each is a part of one job.
    private async Task<IReadOnlyList<Transcript>> RecognizeAsync(IReadOnlyList<LineCrop> crops, CancellationToken cancellationToken)
    {
        RecognizersInput[] inputs = [.. crops.Select(c => new RecognizersInput(batch: 1, width: c.Width) { Lines = c.Pixels })];
        RecognizersOutput[] outputs = await recognizers.RunManyAsync(inputs, cancellationToken);
        return [.. outputs.Select(Read)];

        static Transcript Read(RecognizersOutput output)
        {
            using (output)
                return Transcript.Of(output.Scores.Span, output.Scores.Shape);
        }
    }

    private async Task<bool> IsUpsideDownAsync(Page page, CancellationToken cancellationToken)
    {
        OrientationInput[] inputs =
        [
            .. UpsideDown.Witnesses(page).Select(c => new OrientationInput(batch: 1, width: c.Width) { Lines = c.Pixels }),
        ];
        OrientationOutput[] outputs = await orientation.RunManyAsync(inputs, cancellationToken);
        return UpsideDown.Told(outputs.Select(Answer));

        static (float, float) Answer(OrientationOutput output)
        {
            using (output)
                return (output.Turned[0], output.Turned[1]);
        }
    }
}
