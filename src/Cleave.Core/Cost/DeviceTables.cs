using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Cleave.Core.Cost;

/// <summary>
/// The tables that a device without one of its own is predicted by. <c>avx2</c> is measured (Devices/avx2.txt says on what); the others
/// are estimates from it, by factors that their names state, and worth a calibration.
/// </summary>
internal static class DeviceTables
{
    /// <summary>Measured.</summary>
    public const string Avx2 = "avx2";

    /// <summary>An estimate: products of matrices and convolutions twice as fast as AVX2's, eight-bit ones too; the rest as there.</summary>
    public const string Avx512 = "avx512";

    /// <summary>An estimate: half as fast as AVX2 in products, no blocked layout.</summary>
    public const string Neon = "neon";

    /// <summary>The one that the build plans for, whatever machine builds: the same model gives the same code everywhere.</summary>
    public static DeviceTable Baked => Measured.Value;

    private static readonly Lazy<DeviceTable> Measured = new(Load);

    /// <summary>The table of an instruction set; null where there is none of that name.</summary>
    public static DeviceTable? Find(string instructionSet) => instructionSet switch
    {
        Avx2 => Measured.Value,
        Avx512 => Derived(Measured.Value, "avx512 (estimated: products twice as fast as avx2)", 16, 0.5),
        Neon => Derived(Measured.Value, "neon (estimated: products half as fast as avx2)", 1, 2),
        _ => null,
    };

    private static DeviceTable Derived(DeviceTable from, string name, int block, double products)
    {
        List<DevicePoint> points = [];
        foreach (DevicePoint point in from.Points)
        {
            bool isProduct = point.Kernel.StartsWith("conv", StringComparison.Ordinal) || point.Kernel is "gemm" or "matmul" or "gemm-quantized" or "lstm" or "gru";
            points.Add(isProduct ? point with { Nanoseconds = [.. point.Nanoseconds.Select(ns => ns * products)] } : point);
        }
        return new DeviceTable { Name = name, Block = block, Calls = from.Calls, HandOff = from.HandOff, Threads = from.Threads, Points = points };
    }

    private static DeviceTable Load()
    {
        using Stream stream = typeof(DeviceTables).Assembly.GetManifestResourceStream("Cleave.Core.Cost.Devices.avx2.txt")
            ?? throw new InvalidOperationException("the device table is no resource of this assembly");
        using StreamReader text = new(stream);
        return DeviceTableText.ReadComplete(text);
    }
}
