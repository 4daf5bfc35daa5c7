using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Cleave.Core.Batching;

namespace Cleave.Core.Ensembles;

/// <summary>
/// Predicts the throughput of a matrix from the time of each cell's batch, by running the inference system without work: every model gets every sample, a queue for
/// each model serves all its instances, and a device that is free takes a batch of the model that is furthest behind. Deterministic.
/// </summary>
/// <param name="problem">The devices and models.</param>
/// <param name="seconds">What one instance takes for a full batch: by device, model and cell.</param>
/// <param name="samples">How many samples are sent through; more make what happens at the end matter less.</param>
internal sealed class ThroughputSimulator(AllocationProblem problem, Func<int, int, InstanceGroup, double> seconds, int samples)
{
    // A search asks for thousands of matrices. Where a model's batches are small and a device could do thousands of samples at once, fewer samples do.
    private const double MostRuns = 8_192;

    /// <summary>The batches run so far, of all matrices.</summary>
    public long Runs { get; private set; }

    /// <summary>So many samples that what happens at the end is a small part of all: several rounds of all devices with their largest batches.</summary>
    public static int SamplesFor(AllocationProblem problem) => 64 * problem.Devices.Sum(static d => d.Choices.Max(static c => c.Count * c.Batch));

    /// <summary>Samples a second, of which each went through all models; 0 where a model is nowhere.</summary>
    public double Of(AllocationMatrix matrix)
    {
        List<Cell> cells = Cells(matrix);
        if (!matrix.IsComplete)
            return 0;
        int each = Samples(cells, matrix.Models);
        int[] left = [.. Enumerable.Repeat(each, matrix.Models)];
        int[] threads = [.. problem.Devices.Select(static d => d.Threads)];
        RunningBatches running = new();
        double now = 0;
        while (true)
        {
            Start(cells, left, threads, running, now);
            if (running.Count == 0)
                return each / now;
            now = running.NextEnd;
            do
            {
                Cell cell = cells[running.TakeNext()];
                Runs++;
                cell.Running--;
                threads[cell.Device] += cell.Threads;
            }
            while (running.Count > 0 && running.NextEnd <= now);
        }
    }

    /// <summary>What a sample takes of each member if only that member ran, over all its cells: their sum, in seconds. It falls with each cell that could do more, whether or not others hold it up.</summary>
    public double SecondsOfAll(AllocationMatrix matrix) =>
        Cells(matrix).GroupBy(static c => c.Model).Sum(static column => 1 / column.Sum(static c => c.Group.Count / c.SampleSeconds));

    // For every model, as many as keep the runs within the bound even if all are of its smallest batch.
    private int Samples(List<Cell> cells, int models)
    {
        double runsOfSample = 0;
        for (int m = 0; m < models; m++)
            runsOfSample += 1.0 / cells.Where(c => c.Model == m).Min(static c => c.Group.Batch);
        return (int)Math.Min(samples, Math.Max(1, MostRuns / runsOfSample));
    }

    private List<Cell> Cells(AllocationMatrix matrix)
    {
        List<Cell> cells = [];
        for (int d = 0; d < matrix.Devices; d++)
        {
            for (int m = 0; m < matrix.Models; m++)
            {
                InstanceGroup cell = matrix[d, m];
                if (cell.Count > 0)
                    cells.Add(new Cell(d, m, cell, Math.Min(cell.Threads, problem.Devices[d].Threads), seconds(d, m, cell) / cell.Batch));
            }
        }
        return cells;
    }

    [MethodImpl(JustInTime.Optimized)]
    private static void Start(List<Cell> cells, int[] left, int[] threads, RunningBatches running, double now)
    {
        while (true)
        {
            int next = -1;
            for (int i = 0; i < cells.Count; i++)
            {
                Cell cell = cells[i];
                bool canStart = cell.Running < cell.Group.Count && threads[cell.Device] >= cell.Threads && left[cell.Model] > 0;
                if (canStart && (next < 0 || left[cell.Model] > left[cells[next].Model]))
                    next = i;
            }
            if (next < 0)
                return;
            Cell first = cells[next];
            int batch = Math.Min(first.Group.Batch, left[first.Model]);
            left[first.Model] -= batch;
            threads[first.Device] -= first.Threads;
            first.Running++;
            // A batch that is not full is taken to cost as many samples as it has.
            running.Add(next, now + first.SampleSeconds * batch);
        }
    }

    private sealed class Cell(int device, int model, InstanceGroup group, int threads, double sampleSeconds)
    {
        public int Device => device;

        public int Model => model;

        public InstanceGroup Group => group;

        public int Threads => threads;

        public double SampleSeconds => sampleSeconds;

        public int Running { get; set; }
    }
}
