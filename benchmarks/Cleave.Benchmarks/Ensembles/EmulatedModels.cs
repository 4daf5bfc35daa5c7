using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Devices;
using Cleave.Emulator;

namespace Cleave.Benchmarks.Ensembles;

/// <summary>A model of the profile. Nothing of it is measured here: the numbers are of the size that published ones for such devices have.</summary>
/// <param name="Name">The model that it stands for.</param>
/// <param name="Weights">Megabytes.</param>
/// <param name="SampleMemory">Megabytes for each sample of a batch.</param>
/// <param name="Launch">Milliseconds of a batch, whatever its size.</param>
/// <param name="Sample">Milliseconds more for each sample.</param>
internal sealed record EmulatedModel(string Name, int Weights, int SampleMemory, double Launch, double Sample)
{
    // The library and its context, for each instance.
    private const long Context = 600L << 20;

    /// <summary>Milliseconds of a batch.</summary>
    public double Milliseconds(int batch) => Launch + Sample * batch;

    public MemberMemory Memory => new(Name, (long)Weights << 20, (long)SampleMemory << 20, Context);

    /// <summary>The program that the emulated device gets; it is never opened.</summary>
    public DeviceProgram Program => new(Name, "Whole", ["x"], ["y"], _ => throw new System.NotSupportedException()) { WeightBytes = ((long)Weights << 20) + Context };
}

/// <summary>The committed profile of the emulation: image classifiers on devices with 16 GB.</summary>
internal static class EmulatedModels
{
    public const long DeviceMemory = 16L << 30;

    public static readonly IReadOnlyList<EmulatedModel> All =
    [
        new("resnet50", 98, 22, 8, 0.95),
        new("resnet101", 171, 32, 14, 1.6),
        new("resnet152", 230, 45, 20, 2.3),
        new("densenet121", 31, 40, 18, 1.2),
        new("densenet169", 55, 48, 24, 1.5),
        new("densenet201", 77, 60, 29, 1.9),
        new("vgg16", 528, 55, 5, 2.1),
        new("vgg19", 549, 60, 6, 2.5),
        new("inception_v3", 92, 30, 13, 1.3),
        new("xception", 88, 50, 10, 1.7),
        new("mobilenet_v2", 14, 25, 6, 0.5),
        new("efficientnet_b4", 75, 80, 25, 2.8),
    ];

    public static EmulatedModel[] Of(params string[] names) => [.. names.Select(n => All.First(m => m.Name == n))];

    /// <summary>An ensemble on equal devices.</summary>
    public static AllocationProblem Problem(EmulatedModel[] models, int devices, params int[] batches) => new(
        [.. Enumerable.Range(0, devices).Select(d => EnsembleDevice.Accelerator("emulated:" + d, DeviceMemory, batches))], [.. models.Select(m => m.Memory)]);

    /// <summary>What a cell's batch takes, in seconds, for the simulator.</summary>
    public static double Seconds(EmulatedModel[] models, int model, InstanceGroup cell) => models[model].Milliseconds(cell.Batch) / 1e3;

    /// <summary>A device that takes the time, and does no work.</summary>
    public static EmulatorProfile Profile(IReadOnlyList<EmulatedModel> models) => new()
    {
        Computes = false,
        MemoryLimit = DeviceMemory,
        RunTime = (program, shapes) => models.First(m => m.Name == program.Model).Milliseconds((int)shapes[0][0]) * 1e6,
    };
}
