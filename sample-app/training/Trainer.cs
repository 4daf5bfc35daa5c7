using System.Diagnostics;
using PageReader.Reading;
using PageReader.Training.Network;

namespace PageReader.Training;

/// <summary>
/// Trains on lines that are drawn as they are needed and never twice. A step's lines are divided over a fixed number of
/// workers, whose gradients are added in their order: the weights do not depend on the machine's cores.
/// </summary>
internal static class Trainer
{
    private const int Workers = 4;
    private const int LinesPerWorker = 3;
    private const int LongestLine = 320;
    private const float Rate = 0.003f;

    public static LineNetwork Recognizer(ulong seed, int steps, Action<string> report)
    {
        LineNetwork network = LineNetwork.Recognizer(seed);
        Train(network, seed, steps, report, static (worker, random) =>
        {
            LineSample line = LineSample.Draw(random, LongestLine);
            // As many steps as a line has on average.
            return worker.Learn(line.Crop, line.Steps, 1f / (Workers * LinesPerWorker * 100));
        });
        return network;
    }

    public static LineNetwork Orientation(ulong seed, int steps, Action<string> report)
    {
        LineNetwork network = LineNetwork.Orientation(seed);
        Train(network, seed, steps, report, static (worker, random) =>
        {
            LineCrop crop = LineSample.Draw(random, LongestLine).Crop;
            int turned = random.Below(2);
            return (worker.LearnWhole(turned == 0 ? crop : crop.Turned(), turned, 1f / (Workers * LinesPerWorker)), 1);
        });
        return network;
    }

    private static void Train(LineNetwork network, ulong seed, int steps, Action<string> report, Func<LineNetwork, SeededRandom, (double Loss, int Count)> learn)
    {
        Stopwatch watch = Stopwatch.StartNew();
        LineNetwork[] workers = [.. Enumerable.Range(0, Workers).Select(_ => network.Shared())];
        IReadOnlyList<Parameters>[] learnt = [.. workers.Select(w => w.Learnt)];
        Adam adam = new(network.Learnt);
        (double Loss, int Count)[] sums = new (double, int)[Workers];
        for (int step = 0; step < steps; step++)
        {
            Parallel.For(0, Workers, worker =>
            {
                // A place in the sequence of all lines gives the seed.
                SeededRandom random = new((seed << 40) + (ulong)(step * Workers + worker));
                for (int i = 0; i < LinesPerWorker; i++)
                {
                    (double loss, int count) = learn(workers[worker], random);
                    sums[worker] = (sums[worker].Loss + loss, sums[worker].Count + count);
                }
            });
            // Slow at first and at the end, where the gradients of a few lines say little.
            float rate = Rate * Math.Min(1, (step + 1) / 60f) * Math.Min(1, 1.25f * (steps - step) / steps);
            adam.Step(rate, learnt);
            if ((step + 1) % Math.Max(1, steps / 10) == 0)
            {
                report($"step {step + 1} of {steps}, {watch.Elapsed.TotalSeconds:F0} s: loss {sums.Sum(s => s.Loss) / sums.Sum(s => s.Count):F4}");
                Array.Clear(sums);
            }
        }
    }
}
