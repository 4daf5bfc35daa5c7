using PageReader.Imaging;
using PageReader.Reading;

namespace PageReader.Training.Pages;

/// <summary>How well pages were read that training never saw.</summary>
/// <param name="Members">Each recogniser alone.</param>
/// <param name="Ensemble">The mean of all.</param>
/// <param name="Orientation">The part of the pages, each upright and on its head, whose orientation was told right.</param>
internal sealed record HeldOutResult(IReadOnlyList<Accuracy> Members, Accuracy Ensemble, double Orientation)
{
    public static HeldOutResult Of(IReadOnlyList<DrawnPage> pages, IReadOnlyList<OnnxScorer> recognizers, OnnxScorer orientation)
    {
        Accuracy none = new(0, 0);
        HeldOutResult sum = new([.. recognizers.Select(_ => none)], none, 0);
        foreach (DrawnPage drawn in pages)
        {
            GrayImage image = drawn.Draw();
            Page page = Page.TakeApart(image);
            sum = new HeldOutResult(
                [.. recognizers.Select((r, i) => sum.Members[i].And(Accuracy.Of(drawn.Text, Accuracy.Read(page, [r]))))],
                sum.Ensemble.And(Accuracy.Of(drawn.Text, Accuracy.Read(page, recognizers))),
                sum.Orientation + (IsTurned(page, orientation) ? 0 : 0.5) + (IsTurned(page.Turned(), orientation) ? 0.5 : 0));
        }
        return sum with { Orientation = sum.Orientation / pages.Count };
    }

    private static bool IsTurned(Page page, OnnxScorer orientation) => page.Crops.Sum(c =>
    {
        float[] turned = orientation.Score(c).Scores;
        return Math.Clamp(Math.Log(turned[1] + 1e-6) - Math.Log(turned[0] + 1e-6), -4, 4);
    }) > 0;
}
