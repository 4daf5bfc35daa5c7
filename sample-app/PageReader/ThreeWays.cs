using System.Diagnostics;
using PageReader.Reading;

namespace PageReader;

/// <summary>Recognises the same lines by one model in the ways one could write it.</summary>
internal sealed class ThreeWays(RecognizerARunner recognizer)
{
    private const int BatchSize = 8;

    // Runners go on learning what is the fastest while they run: the first rounds do not count.
    private const int WarmUps = 4;
    private const int Rounds = 5;

    public async Task<WaysTimes> MeasureAsync(IReadOnlyList<LineCrop> lines, Action roundDone, CancellationToken cancellationToken)
    {
        List<TimeSpan>[] times = [[], [], []];
        // In turns, so that what else the machine does meets all of them.
        for (int round = 0; round < WarmUps + Rounds; round++)
        {
            TimeSpan loop = Timed(() => Loop(lines, cancellationToken));
            TimeSpan batches = Timed(() => PaddedBatches(lines, cancellationToken));
            long start = Stopwatch.GetTimestamp();
            await RunManyAsync(lines, cancellationToken);
            TimeSpan many = Stopwatch.GetElapsedTime(start);
            if (round >= WarmUps)
            {
                times[0].Add(loop);
                times[1].Add(batches);
                times[2].Add(many);
            }
            roundDone();
        }
        return new WaysTimes(lines.Count, Median(times[0]), Median(times[1]), Median(times[2]), OneCall(lines));
    }

    public static int TotalRounds => WarmUps + Rounds;

    // The usual loop: one line after the other, each with all cores.
    private void Loop(IReadOnlyList<LineCrop> lines, CancellationToken cancellationToken)
    {
        foreach (LineCrop line in lines)
            recognizer.Run(new RecognizerAInput(batch: 1, width: line.Width) { Lines = line.Pixels }, cancellationToken).Dispose();
    }

    // As OCR libraries do it: sorted by width, so that little is padded, and eight lines in a batch.
    private void PaddedBatches(IReadOnlyList<LineCrop> lines, CancellationToken cancellationToken)
    {
        foreach (LineCrop[] batch in lines.OrderBy(l => l.Width).Chunk(BatchSize))
        {
            int width = batch[^1].Width;
            float[] padded = new float[batch.Length * LineCrop.Height * width];
            for (int i = 0; i < batch.Length; i++)
            {
                for (int y = 0; y < LineCrop.Height; y++)
                    batch[i].Pixels.AsSpan(y * batch[i].Width, batch[i].Width).CopyTo(padded.AsSpan((i * LineCrop.Height + y) * width));
            }
            recognizer.Run(new RecognizerAInput(batch.Length, width) { Lines = padded }, cancellationToken).Dispose();
        }
    }

    // All lines in one call: the cores are divided over them, and nothing is padded.
    private async Task RunManyAsync(IReadOnlyList<LineCrop> lines, CancellationToken cancellationToken)
    {
        RecognizerAInput[] inputs = [.. lines.Select(l => new RecognizerAInput(batch: 1, width: l.Width) { Lines = l.Pixels })];
        foreach (RecognizerAOutput output in await recognizer.RunManyAsync(inputs, cancellationToken))
            output.Dispose();
    }

    // Buffers that are bound once, for a line of the middle length. Putting its pixels there is not timed: an application would write them there at once.
    private TimeSpan OneCall(IReadOnlyList<LineCrop> lines)
    {
        LineCrop line = lines.OrderBy(l => l.Width).ElementAt(lines.Count / 2);
        using RecognizerACall call = recognizer.CreateCall(batch: 1, width: line.Width);
        List<TimeSpan> times = [];
        for (int i = 0; i < 40; i++)
        {
            line.Pixels.CopyTo(call.Lines);
            times.Add(Timed(() => call.Run()));
        }
        return Median(times);
    }

    private static TimeSpan Timed(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start);
    }

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);
}
