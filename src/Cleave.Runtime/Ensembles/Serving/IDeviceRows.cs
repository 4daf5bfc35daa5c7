using System;
using System.Collections.Generic;
using Cleave.Core.Graph;
using Cleave.Devices;

namespace Cleave.Ensembles.Serving;

/// <summary>A value of a batch.</summary>
/// <param name="Name">Its name in the model.</param>
/// <param name="Type">Its elements.</param>
/// <param name="Shape">Its shape, samples first; null: known once the model has run.</param>
internal readonly record struct BatchValue(string Name, ElementType Type, long[]? Shape);

/// <summary>What a batch of so many samples reads and gives.</summary>
/// <param name="Inputs">In the program's order, of known shapes.</param>
/// <param name="Outputs">In the program's order.</param>
internal sealed record BatchShape(BatchValue[] Inputs, BatchValue[] Outputs);

/// <summary>Where an instance on a device finds its samples in a request, and where its outputs go.</summary>
internal interface IDeviceRows
{
    /// <summary>The shapes of so many samples.</summary>
    BatchShape Shape(EnsembleRequest request, int count);

    /// <summary>Samples of an input, where the request has them.</summary>
    ReadOnlySpan<byte> Input(EnsembleRequest request, int input, int at, int count);

    /// <summary>Adds outputs to the request. One batch at a time.</summary>
    void Add(EnsembleRequest request, int at, int count, IReadOnlyList<HostTensor> outputs);
}
