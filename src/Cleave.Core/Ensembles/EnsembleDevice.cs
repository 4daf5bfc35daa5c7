using System;
using System.Collections.Generic;
using Cleave.Core.Batching;

namespace Cleave.Core.Ensembles;

/// <summary>A device that members may be allocated to.</summary>
/// <param name="Name">For people: <c>cuda:0</c>, <c>cpu</c>.</param>
/// <param name="Memory">Bytes.</param>
/// <param name="Threads">How many threads work on it at once; 1 for an accelerator, which does one thing at a time.</param>
/// <param name="Choices">
/// What a cell may be: instances, threads of each, samples of each. The first one is where allocation begins. On an accelerator ⟨1, 1, b⟩.
/// </param>
internal sealed record EnsembleDevice(string Name, long Memory, int Threads, IReadOnlyList<InstanceGroup> Choices)
{
    // The first is where allocation begins.
    private static readonly int[] Batches = [8, 16, 32, 64, 128];

    /// <summary>Whether it takes what no accelerator has room for.</summary>
    public bool IsCpu { get; init; }

    /// <summary>An accelerator with these sizes of batches; none: 8, 16, 32, 64, 128.</summary>
    public static EnsembleDevice Accelerator(string name, long memory, params int[] batches) =>
        new(name, memory, 1, Array.ConvertAll(batches.Length == 0 ? Batches : batches, static b => new InstanceGroup(1, 1, b)));

    /// <summary>The processor: instances of every number of <see cref="ThreadCounts"/>, as many as there are threads for, or fewer by powers of two.</summary>
    public static EnsembleDevice Cpu(long memory, int threads, params int[] batches)
    {
        List<InstanceGroup> choices = [];
        foreach (int batch in batches.Length == 0 ? Batches : batches)
        {
            foreach (int t in ThreadCounts.UpTo(threads))
            {
                foreach (int i in ThreadCounts.UpTo(threads / t))
                    choices.Add(new InstanceGroup(i, t, batch));
            }
        }
        return new EnsembleDevice("cpu", memory, threads, choices) { IsCpu = true };
    }
}
