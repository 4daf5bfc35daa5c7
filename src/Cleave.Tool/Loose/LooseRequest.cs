using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.Generator.Model;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Loose;

/// <summary>A request by position: its dimensions, and its inputs as arrays of their own types.</summary>
internal sealed class LooseRequest
{
    private readonly List<int> _dims = [];
    private readonly List<int[]> _shapes = [];
    private readonly CopyInput[] _copies;

    /// <param name="spec">What the generator would write.</param>
    /// <param name="inputs">One for each input of the model.</param>
    public LooseRequest(RunnerSpec spec, RequestInputs inputs)
    {
        Dictionary<string, InputData> byName = inputs.Inputs.ToDictionary(i => i.Name, StringComparer.Ordinal);
        Dictionary<string, int> sizes = new(StringComparer.Ordinal);
        foreach (TensorSpec input in spec.Inputs)
        {
            for (int axis = 0; axis < input.Shape.Count; axis++)
            {
                if (input.Shape[axis].Symbol is { } symbol)
                    sizes[symbol] = byName[input.Name].Shape[axis];
            }
        }
        _dims.AddRange(spec.Symbols.Select(s => sizes[s.Name]));
        _shapes.AddRange(spec.Inputs.Where(i => !i.RankIsKnown).Select(i => byName[i.Name].Shape));
        _copies = [.. spec.Inputs.Select((input, i) => Copy(byName[input.Name], i))];
    }

    private delegate void CopyInput(ref InputBinder binder);

    /// <summary>Gives the dimensions.</summary>
    public void Describe(ref InputBinder binder)
    {
        foreach (int size in _dims)
            binder.Dim(size);
        foreach (int[] shape in _shapes)
            binder.Shape(shape);
    }

    /// <summary>Gives the inputs, after the dimensions.</summary>
    public void Copy(ref InputBinder binder)
    {
        foreach (CopyInput copy in _copies)
            copy(ref binder);
    }

    private static CopyInput Copy(InputData data, int index) => data.Type switch
    {
        ElementType.Float => Copy<float>(data, index),
        ElementType.Double => Copy<double>(data, index),
        ElementType.Float16 => Copy<Half>(data, index),
        ElementType.BFloat16 => Copy<BFloat16>(data, index),
        ElementType.Int8 => Copy<sbyte>(data, index),
        ElementType.UInt8 => Copy<byte>(data, index),
        ElementType.Int16 => Copy<short>(data, index),
        ElementType.UInt16 => Copy<ushort>(data, index),
        ElementType.Int32 => Copy<int>(data, index),
        ElementType.UInt32 => Copy<uint>(data, index),
        ElementType.Int64 => Copy<long>(data, index),
        ElementType.UInt64 => Copy<ulong>(data, index),
        ElementType.Bool => Copy<bool>(data, index),
        ElementType.String => Elements(Enumerable.Repeat("", data.Count).ToArray(), index),
        _ => throw new RefusedException($"The input '{data.Name}' is of {data.Type.Word()}."),
    };

    private static CopyInput Copy<T>(InputData data, int index)
        where T : unmanaged => Elements(MemoryMarshal.Cast<byte, T>(data.Bytes).ToArray(), index);

    private static CopyInput Elements<T>(T[] elements, int index) => (ref InputBinder binder) => binder.Copy<T>(index, elements);
}
