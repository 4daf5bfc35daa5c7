using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Ensembles;
using Cleave.Emulator;
using Cleave.Ensembles.Combining;
using Cleave.Ensembles.Serving;

namespace Cleave.Benchmarks.Ensembles;

/// <summary>Serves an ensemble by the real inference system, as a matrix says, on emulated devices.</summary>
internal static class EmulatedServing
{
    private const int Width = 16;

    /// <summary>Samples a second.</summary>
    public static double Serve(EmulatedModel[] models, AllocationMatrix matrix, int samples)
    {
        int segment = Enumerable.Range(0, matrix.Devices).SelectMany(d => Enumerable.Range(0, matrix.Models).Select(m => matrix[d, m].Batch)).Max();
        EmulatedDevice[] devices = [.. Enumerable.Range(0, matrix.Devices).Select(d => new EmulatedDevice(EmulatedModels.Profile(models), "emulated:" + d))];
        try
        {
            return Serve(models, matrix, devices, samples, new SystemOptions { SegmentSize = segment }).GetAwaiter().GetResult();
        }
        finally
        {
            foreach (EmulatedDevice device in devices)
                device.Dispose();
        }
    }

    private static async Task<double> Serve(EmulatedModel[] models, AllocationMatrix matrix, EmulatedDevice[] devices, int samples, SystemOptions options)
    {
        List<(string, IReadOnlyList<IMemberInstance>)> members = [];
        for (int m = 0; m < models.Length; m++)
        {
            members.Add((models[m].Name,
                [.. Enumerable.Range(0, devices.Length).Where(d => matrix[d, m].Count > 0).Select(d => new DeviceInstance(devices[d], models[m].Program, new TensorRows(models[m].Program, m, [Width], [Width]), matrix[d, m].Batch))]));
        }
        await using ThreadedSystem system = new("emulated", members, options);
        float[] rows = new float[samples * Width];
        TensorRequest request = new(samples, [rows], [(new MeanCombiner<float>("y", [], models.Length), Width)], options.SegmentSize);
        long start = Stopwatch.GetTimestamp();
        await system.RunAsync(request);
        return samples / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
