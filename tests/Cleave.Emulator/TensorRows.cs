using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Devices;
using Cleave.Ensembles.Serving;

namespace Cleave.Emulator;

/// <summary>Rows of floats of a <see cref="TensorRequest"/>.</summary>
/// <param name="program">The model.</param>
/// <param name="member">The member's place.</param>
/// <param name="inputs">The elements of a row of each input, in the program's order.</param>
/// <param name="outputs">The elements of a row of each output.</param>
internal sealed class TensorRows(DeviceProgram program, int member, int[] inputs, int[] outputs) : IDeviceRows
{
    public BatchShape Shape(EnsembleRequest request, int count) => new(Values(program.Reads, inputs, count), Values(program.Writes, outputs, count));

    public ReadOnlySpan<byte> Input(EnsembleRequest request, int input, int at, int count) => ((TensorRequest)request).Input(input, at, count);

    public void Add(EnsembleRequest request, int at, int count, IReadOnlyList<HostTensor> made)
    {
        for (int o = 0; o < made.Count; o++)
            ((TensorRequest)request).Add(member, o, at, MemoryMarshal.Cast<byte, float>(made[o].Bytes));
    }

    private static BatchValue[] Values(string[] names, int[] widths, int count)
    {
        BatchValue[] values = new BatchValue[widths.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = new BatchValue(names[i], ElementType.Float, [count, widths[i]]);
        return values;
    }
}
