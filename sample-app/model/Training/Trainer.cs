using LabelGlyphsModel.Drawing;

namespace LabelGlyphsModel.Training;

/// <summary>Stochastic gradient descent with fixed seeds: the same weights, bit for bit, each time and everywhere.</summary>
internal static class Trainer
{
    private const int BatchSize = 18;
    private const float FirstRate = 0.05f;

    public static GlyphNetwork Train(GlyphSet set, int epochs, Action<string> report)
    {
        GlyphNetwork network = new(seed: 2);
        SeededRandom random = new(3);
        int[] order = [.. Enumerable.Range(0, set.Count)];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            Shuffle(order, random);
            float rate = FirstRate * (epochs - epoch) / epochs;
            for (int start = 0; start < order.Length; start += BatchSize)
            {
                int count = Math.Min(BatchSize, order.Length - start);
                foreach (int index in order.AsSpan(start, count))
                    network.Learn(set.Glyph(index), set.Label(index), 1f / count);
                foreach (Parameters parameters in network.All)
                    parameters.Step(rate);
            }
            report($"epoch {epoch + 1} of {epochs}");
        }
        return network;
    }

    private static void Shuffle(int[] order, SeededRandom random)
    {
        for (int i = order.Length - 1; i > 0; i--)
        {
            int other = random.Below(i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }
    }
}
