using System.Diagnostics;
using LabelGlyphsModel.Training;

namespace LabelGlyphsModel;

/// <summary>The application's model, drawn, trained and written: the same bytes each time.</summary>
internal static class LabelModel
{
    public static byte[] Make(Action<string> report)
    {
        Stopwatch watch = Stopwatch.StartNew();
        GlyphSet training = GlyphSet.Draw(14_400, seed: 1, GlyphSet.TrainingHeights);
        report($"{training.Count} glyphs drawn in {watch.Elapsed.TotalSeconds:F1} s");
        watch.Restart();
        GlyphNetwork network = Trainer.Train(training, epochs: 5, report);
        byte[] model = OnnxFile.Write(network);
        report($"trained in {watch.Elapsed.TotalSeconds:F1} s; the model has {model.Length} bytes");
        return model;
    }
}
