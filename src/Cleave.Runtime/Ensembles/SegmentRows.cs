using System;
using System.Collections.Generic;
using Cleave.Devices;
using Cleave.Elements;
using Cleave.Ensembles.Serving;

namespace Cleave.Ensembles;

/// <summary>Samples of a request to a generated ensemble, for an instance of a member on a device.</summary>
internal sealed class SegmentRows(MemberProgram program, int place) : IDeviceRows
{
    // What came last; one batch at a time.
    private readonly OutputSlot[] _outputs = program.NewOutputs();

    public BatchShape Shape(EnsembleJob job, int count) => program.Shape(((SegmentJob)job).Call.Inputs, count);

    public ReadOnlySpan<byte> Input(EnsembleJob job, int input, int at, int count)
    {
        InputSlot whole = program.Input(((SegmentJob)job).Call.Inputs, input);
        ReadOnlySpan<byte> bytes = whole.Tensor.GetTensorMutableRawData();
        int row = bytes.Length / whole.Shape[0];
        return bytes.Slice(at * row, count * row);
    }

    public void Add(EnsembleJob job, int at, int count, IReadOnlyList<HostTensor> made)
    {
        for (int o = 0; o < made.Count; o++)
            program.Take(_outputs, o, made[o]);
        ((SegmentJob)job).Call.Add(place, _outputs, at, count);
    }
}
