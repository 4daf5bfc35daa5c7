using System;
using System.Collections.Generic;
using System.Linq;
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
    /// <summary>So many samples that what happens at the end is a small part of all: several rounds of all devices with their largest batches.</summary>
    public static int SamplesFor(AllocationProblem problem) => 64 * problem.Devices.Sum(static d => d.Choices.Max(static c => c.Count * c.Batch));

    /// <summary>Samples a second, of which each went through all models; 0 where a model is nowhere.</summary>
    public double Of(AllocationMatrix matrix)
    {
        List<Cell> cells = Cells(matrix);
        if (!matrix.IsComplete)
            return 0;
        int[] left = [.. Enumerable.Repeat(samples, matrix.Models)];
        int[] threads = [.. problem.Devices.Select(static d => d.Threads)];
        List<Run> running = [];
        double now = 0;
        while (true)
        {
            Start(cells, left, threads, running, now);
            if (running.Count == 0)
                return samples / now;
            now = running.Min(static r => r.End);
            for (int i = running.Count - 1; i >= 0; i--)
            {
                if (running[i].End > now)
                    continue;
                running[i].Cell.Running--;
                threads[running[i].Cell.Device] += running[i].Cell.Threads;
                running.RemoveAt(i);
            }
        }
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

    private static void Start(List<Cell> cells, int[] left, int[] threads, List<Run> running, double now)
    {
        while (true)
        {
            Cell? next = null;
            foreach (Cell cell in cells)
            {
                bool canStart = cell.Running < cell.Group.Count && threads[cell.Device] >= cell.Threads && left[cell.Model] > 0;
                if (canStart && (next is null || left[cell.Model] > left[next.Model]))
                    next = cell;
            }
            if (next is null)
                return;
            int batch = Math.Min(next.Group.Batch, left[next.Model]);
            left[next.Model] -= batch;
            threads[next.Device] -= next.Threads;
            next.Running++;
            // A batch that is not full is taken to cost as many samples as it has.
            running.Add(new Run(next, now + next.SampleSeconds * batch));
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

    private readonly record struct Run(Cell Cell, double End);
}
