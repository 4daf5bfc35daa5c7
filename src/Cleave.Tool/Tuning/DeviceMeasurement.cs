using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Placement;
using Cleave.Devices;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Tuning;

/// <summary>
/// Measures the profile of an accelerator that placement plans with (docs/placement.md): copies of two sizes, chains of two lengths, a product, a stream through memory, and recurrent layers of two
/// lengths. Of each the shortest of several runs counts, and of two what the longer takes more: so what is the same in both drops out. What the cache is like is not measured.
/// </summary>
/// <param name="device">The accelerator; nothing else runs on it.</param>
/// <param name="assumed">Where what is not measured comes from.</param>
/// <param name="progress">Told what is measured now.</param>
/// <param name="token">Ends it.</param>
internal sealed class DeviceMeasurement(IDevice device, AcceleratorProfile assumed, Action<string> progress, CancellationToken token)
{
    /// <summary>Kernels of the longer chain, beside the one of the shorter.</summary>
    public const int Kernels = 64;

    /// <summary>Rows and columns of the product.</summary>
    public const int Size = 2048;

    /// <summary>Floats that are streamed, and copied: more than any cache holds.</summary>
    public const int Floats = 16 << 20;

    /// <summary>Steps of the shorter recurrent layer; the longer has twice as many.</summary>
    public const int Steps = 128;

    private const int Width = 64;
    private const double Nanosecond = 1e9;

    /// <summary>The default of <see cref="Rounds"/>.</summary>
    public const int ManyRounds = 15;

    /// <summary>How often each is run.</summary>
    public int Rounds { get; init; } = ManyRounds;

    /// <exception cref="DeviceException">The device failed.</exception>
    /// <exception cref="RefusedException">The times make no sense.</exception>
    public AcceleratorProfile Measure()
    {
        progress("copies");
        (double toDevice, double toDeviceBandwidth, double toHost, double toHostBandwidth) = Copies();
        progress("kernels");
        (double one, double launch) = Run(ProbeModels.Chain(1));
        double kernel = More(Run(ProbeModels.Chain(1 + Kernels)).Time, one, "kernels") / Kernels;
        progress("products");
        double product = More(Run(ProbeModels.Product(Size)).Time, one, "products");
        progress("memory");
        double stream = More(Run(ProbeModels.Stream(Floats)).Time, one, "memory");
        progress("recurrent layers");
        double step = More(Run(ProbeModels.Steps(2 * Steps, Width)).Time, Run(ProbeModels.Steps(Steps, Width)).Time, "recurrent layers") / Steps;
        return new AcceleratorProfile
        {
            Name = device.Name,
            Source = "measured by cleave tune; cache, cache-bandwidth" + (device.MemoryLimit == long.MaxValue ? " and memory" : "") + " are assumed as of " + assumed.Name,
            Kernel = kernel,
            Arithmetic = (double)Size * Size * Size / product,
            Bandwidth = 2.0 * sizeof(float) * Floats / stream,
            Cache = assumed.Cache,
            CacheBandwidth = assumed.CacheBandwidth,
            StepKernels = Math.Max(1, step / kernel),
            ToDeviceLatency = toDevice,
            ToDeviceBandwidth = toDeviceBandwidth,
            ToHostLatency = toHost,
            ToHostBandwidth = toHostBandwidth,
            Launch = launch,
            Memory = device.MemoryLimit == long.MaxValue ? assumed.Memory : device.MemoryLimit,
        };
    }

    private (double ToDevice, double ToDeviceBandwidth, double ToHost, double ToHostBandwidth) Copies()
    {
        using IDeviceStream stream = device.CreateStream("tune copies");
        (double toDevice, double toHost) = Copy(stream, 1);
        (double largeToDevice, double largeToHost) = Copy(stream, Floats);
        double bytes = sizeof(float) * (Floats - 1.0);
        return (toDevice, bytes / More(largeToDevice, toDevice, "copies"), toHost, bytes / More(largeToHost, toHost, "copies"));
    }

    private (double ToDevice, double ToHost) Copy(IDeviceStream stream, long floats)
    {
        using HostTensor host = device.AllocateHost(ElementType.Float, [floats]);
        host.Bytes.Clear();
        using DeviceTensor there = device.Allocate("copied", ElementType.Float, [floats]);
        return (Shortest(stream, () => stream.CopyToDevice(host, there)).Time, Shortest(stream, () => stream.CopyToHost(there, host)).Time);
    }

    // Nanoseconds until it is done, and until the thread that launches goes on.
    private (double Time, double Launch) Run(ProbeModel model)
    {
        using IDeviceStream stream = device.CreateStream("tune " + model.Name);
        using IDeviceExecutable executable = device.Load(new DeviceProgram("tune", model.Name, ["x"], ["y"], options => new InferenceSession(model.Bytes, options)), stream);
        using HostTensor zeros = device.AllocateHost(ElementType.Float, model.Shape);
        zeros.Bytes.Clear();
        using DeviceTensor x = device.Allocate("x", ElementType.Float, model.Shape), y = device.Allocate("y", ElementType.Float, model.Output);
        stream.CopyToDevice(zeros, x);
        stream.Synchronize(token);
        return Shortest(stream, () => executable.Launch([x], [y]));
    }

    private (double Time, double Launch) Shortest(IDeviceStream stream, Action queue)
    {
        double[] times = new double[Rounds], launches = new double[Rounds];
        for (int round = -1; round < Rounds; round++)
        {
            token.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            queue();
            long queued = Stopwatch.GetTimestamp();
            stream.Synchronize(token);
            // The first run compiles and allocates.
            if (round < 0)
                continue;
            times[round] = Stopwatch.GetElapsedTime(start).TotalSeconds * Nanosecond;
            launches[round] = Stopwatch.GetElapsedTime(start, queued).TotalSeconds * Nanosecond;
        }
        return (times.Min(), launches.Min());
    }

    private static double More(double longer, double shorter, string what) => longer > shorter
        ? longer - shorter
        : throw new RefusedException($"The times of {what} make no sense: what is more took no longer. Is something else running on the device? Call it again.");
}
