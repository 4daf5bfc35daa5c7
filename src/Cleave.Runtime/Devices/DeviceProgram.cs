using System;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Devices;

/// <summary>A part of a model, as a device gets it.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Segment">The part's name.</param>
/// <param name="Reads">Its inputs, by name.</param>
/// <param name="Writes">Its outputs, by name.</param>
/// <param name="Open">
/// Makes its session by options to which the device has added its execution provider. The options live as long as the call.
/// </param>
internal sealed record DeviceProgram(string Model, string Segment, string[] Reads, string[] Writes, Func<SessionOptions, InferenceSession> Open)
{
    /// <summary>Bytes that its weights take on the device.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Bytes that a run takes beside its inputs and outputs, by estimate.</summary>
    public long WorkspaceBytes { get; init; }

    /// <summary>Whether nodes of it may run on the CPU after all, where the provider lacks them: each costs two copies.</summary>
    public bool AllowsCpu { get; init; }

    /// <summary>How messages call it.</summary>
    public string Title => Model + "/" + Segment;
}
