using PageReader.Imaging;
using PageReader.Reading;

namespace PageReader.Training.Pages;

/// <summary>Reads pages as the application does, by plain ONNX Runtime.</summary>
/// <param name="recognizers">Whose mean is read.</param>
/// <param name="orientation">Tells upright lines from those on their head.</param>
internal sealed class PageModels(IReadOnlyList<OnnxScorer> recognizers, OnnxScorer orientation)
{
    public Scan Read(GrayImage image)
    {
        Page page = Page.TakeApart(image);
        bool turned = IsUpsideDown(page);
        return Read(turned ? page.Turned() : page, turned);
    }

    /// <summary>The text of a page that stands upright.</summary>
    public Scan Read(Page page, bool wasTurned) => new(page, [.. page.Crops.Select(Read)], wasTurned);

    public bool IsUpsideDown(Page page) => UpsideDown.Told(UpsideDown.Witnesses(page).Select(c =>
    {
        float[] turned = orientation.Score(c).Scores;
        return (turned[0], turned[1]);
    }));

    private Transcript Read(LineCrop crop)
    {
        (float[] Scores, int[] Shape)[] all = [.. recognizers.Select(r => r.Score(crop))];
        return Transcript.Of([.. Enumerable.Range(0, all[0].Scores.Length).Select(i => all.Average(s => s.Scores[i]))], all[0].Shape);
    }
}
