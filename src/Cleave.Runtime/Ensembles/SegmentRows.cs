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

    public BatchShape Shape(EnsembleRequest request, int count) => program.Shape(((CutRequest)request).Call.Inputs, count);

    public ReadOnlySpan<byte> Input(EnsembleRequest request, int input, int at, int count)
    {
        InputSlot whole = program.Input(((CutRequest)request).Call.Inputs, input);
        ReadOnlySpan<byte> bytes = whole.Tensor.GetTensorMutableRawData();
        int row = bytes.Length / whole.Shape[0];
        return bytes.Slice(at * row, count * row);
    }

    public void Add(EnsembleRequest request, int at, int count, IReadOnlyList<HostTensor> made)
    {
        for (int o = 0; o < made.Count; o++)
            program.Take(_outputs, o, made[o]);
        ((CutRequest)request).Call.Add(place, _outputs, at, count);
    }
}
