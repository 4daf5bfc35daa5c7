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
        PageModels[] members = [.. recognizers.Select(r => new PageModels([r], orientation))];
        PageModels ensemble = new(recognizers, orientation);
        foreach (DrawnPage drawn in pages)
        {
            GrayImage image = drawn.Draw();
            Scan scan = ensemble.Read(image);
            Page onItsHead = Page.TakeApart((drawn with { UpsideDown = true }).Draw());
            sum = new HeldOutResult(
                [.. members.Select((m, i) => sum.Members[i].And(Accuracy.Of(drawn.Text, m.Read(scan.Page, scan.WasTurned))))],
                sum.Ensemble.And(Accuracy.Of(drawn.Text, scan)),
                sum.Orientation + (scan.WasTurned ? 0 : 0.5) + (ensemble.IsUpsideDown(onItsHead) ? 0.5 : 0));
        }
        return sum with { Orientation = sum.Orientation / pages.Count };
    }
}
