using PageReader.Training;
using PageReader.Training.Network;
using Xunit;

namespace Cleave.Sample.Tests;

public sealed class GradientTests
{
    // Of every layer: what back-propagation says against what a small change of the weight does.
    [Fact]
    public void Gradients_are_those_of_the_loss()
    {
        LineNetwork network = LineNetwork.Recognizer(3);
        LineSample line = LineSample.Draw(new SeededRandom(11), 160);
        network.Learn(line.Crop, line.Steps, 1);
        float[][] gradients = [.. network.Learnt.Select(p => (float[])p.Gradient.Clone())];

        SeededRandom random = new(4);
        for (int p = 0; p < gradients.Length; p++)
        {
            float[] values = network.Learnt[p].Values;
            int at = Enumerable.Range(0, 40).Select(_ => random.Below(values.Length)).MaxBy(i => Math.Abs(gradients[p][i]));
            const float Change = 2e-3f;
            float before = values[at];
            values[at] = before + Change;
            double above = network.Learn(line.Crop, line.Steps, 0).Loss;
            values[at] = before - Change;
            double below = network.Learn(line.Crop, line.Steps, 0).Loss;
            values[at] = before;

            double measured = (above - below) / (2 * Change);
            Assert.InRange(gradients[p][at], measured - 0.05 * Math.Abs(measured) - 0.05, measured + 0.05 * Math.Abs(measured) + 0.05);
        }
    }
}
