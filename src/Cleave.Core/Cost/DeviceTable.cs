using System;
using System.Collections.Generic;

namespace Cleave.Core.Cost;

/// <summary>One measured time: a kernel at sizes.</summary>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Sizes">Its sizes.</param>
/// <param name="Nanoseconds">By entry of <see cref="DeviceTable.Threads"/>; 0 where it was not measured.</param>
internal sealed record DevicePoint(string Kernel, double[] Sizes, double[] Nanoseconds);

/// <summary>What a machine takes for each kernel, measured or estimated. Text in <c>docs/cost-model.md</c>'s format; immutable.</summary>
internal sealed class DeviceTable
{
    /// <summary>What it is of: an instruction set, a machine.</summary>
    public required string Name { get; init; }

    /// <summary>Channels of a block in ONNX Runtime's layout for convolutions: 16 with AVX-512, 8 with AVX2, 1 where there is no such layout.</summary>
    public required int Block { get; init; }

    /// <summary>
    /// Nanoseconds of a call, beside its nodes, by entry of <see cref="Threads"/>: also what each further segment costs. Threads sleep
    /// between calls, and are woken.
    /// </summary>
    public required double[] Calls { get; init; }

    /// <summary>Nanoseconds until another lane, spinning, sees a value.</summary>
    public required double HandOff { get; init; }

    /// <summary>The thread counts that were measured, rising, the first of them 1.</summary>
    public required int[] Threads { get; init; }

    public required IReadOnlyList<DevicePoint> Points { get; init; }

    /// <summary>Nanoseconds of a call, beside its nodes. With more threads than were measured as with the most that were.</summary>
    public double Call(int threads)
    {
        int entry = 0;
        while (entry + 1 < Threads.Length && Threads[entry + 1] <= threads)
            entry++;
        return Calls[entry];
    }

    /// <summary>The points of each kernel that has some.</summary>
    public Dictionary<string, DevicePoint[]> ByKernel()
    {
        Dictionary<string, List<DevicePoint>> found = new(StringComparer.Ordinal);
        foreach (DevicePoint point in Points)
        {
            if (!found.TryGetValue(point.Kernel, out List<DevicePoint>? points))
                found.Add(point.Kernel, points = []);
            points.Add(point);
        }
        Dictionary<string, DevicePoint[]> arrays = new(StringComparer.Ordinal);
        foreach (KeyValuePair<string, List<DevicePoint>> kernel in found)
            arrays.Add(kernel.Key, [.. kernel.Value]);
        return arrays;
    }
}
