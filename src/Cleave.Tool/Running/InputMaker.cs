using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Partitions;

namespace Cleave.Tool.Running;

/// <summary>Values for all inputs of a model.</summary>
/// <param name="Name">For people: where they are from.</param>
/// <param name="Values">By input.</param>
internal sealed record InputCase(string Name, IReadOnlyDictionary<string, TensorCopy> Values);

/// <summary>Makes random inputs that are the same for a seed: floats from -1 to 1, whole numbers that fit what reads them.</summary>
internal sealed class InputMaker(PlanGraph graph, IReadOnlyDictionary<string, double> fills)
{
    /// <summary>How values are given, for the end of a message.</summary>
    public const string Advice = "with --inputs FOLDER (cleave validate takes those that cleave golden --record --inputs FOLDER has recorded)";

    // Elements of an input whose sizes are guessed.
    private const int MostGuessed = 64 << 20;

    // Into any table.
    private static readonly long[] AnyIndex = [0, 1];
    private static readonly long[] AnyByte = [.. Enumerable.Range(0, 256).Select(static i => (long)i)];

    private readonly Dictionary<string, IReadOnlyList<long>> _hints = new(StringComparer.Ordinal);

    /// <summary>The inputs that a caller gives.</summary>
    public IReadOnlyList<ValueInfo> Inputs { get; } = [.. graph.Model.Graph.Inputs.Where(i => graph.Index.IsInput(i.Name))];

    /// <summary>The sample of a model that leaves nothing open; null of any other.</summary>
    public DimensionSample? OnlySample => Inputs.All(static i => i.Type is OnnxType.Tensor { Shape: { } shape } && shape.All(static d => d.Value is >= 0))
        ? new DimensionSample(new Dictionary<string, long>())
        : null;

    /// <exception cref="RefusedException">An input cannot be made.</exception>
    public InputCase Make(DimensionSample sample, ulong seed)
    {
        SeededRandom random = new(seed);
        Dictionary<string, TensorCopy> values = new(StringComparer.Ordinal);
        foreach (ValueInfo input in Inputs)
            values.Add(input.Name, Make(input, sample, random));
        return new InputCase(sample.Sizes.Count == 0 ? "random" : $"random, {sample}", values);
    }

    /// <summary>Whether each input can hold the number that was given for its elements.</summary>
    /// <exception cref="RefusedException">One cannot.</exception>
    public void CheckFills()
    {
        foreach (ValueInfo input in Inputs)
        {
            if (input.Type is OnnxType.Tensor type && fills.TryGetValue(input.Name, out double number))
                InputFills.Check(input.Name, type.Element, number);
        }
    }

    /// <summary>Whether inputs of these sizes are small enough to be tried by chance; many open dimensions make many elements.</summary>
    public bool IsModest(DimensionSample sample) => Inputs.All(i => i.Type is not OnnxType.Tensor { Shape: { } declared }
        || Count(declared.Select((d, axis) => d.Value is >= 0 ? d.Value.Value : sample.Sizes.GetValueOrDefault(OpenDimension.NameOf(i.Name, axis, d), 1))) <= MostGuessed);

    /// <summary>Values for one input of a given shape.</summary>
    /// <exception cref="RefusedException">There is no making elements of the type, or so many.</exception>
    public TensorCopy Make(string input, ElementType type, long[] shape, SeededRandom random)
    {
        if (Count(shape) > Array.MaxLength / Math.Max(1, type.Bits() / 8))
            throw new RefusedException($"The input '{input}' would be too large: {string.Join(" x ", shape)} elements of {type.Word()}. Give smaller sizes with --dims.");
        int count = (int)Count(shape);
        return type == ElementType.String
            ? new TensorCopy(type, shape, [], [.. Enumerable.Range(0, count).Select(_ => "text " + random.Below(10))])
            : new TensorCopy(type, shape, Fill(input, type, count, random));
    }

    private TensorCopy Make(ValueInfo input, DimensionSample sample, SeededRandom random)
    {
        if (input.Type is not OnnxType.Tensor type)
            throw new RefusedException($"The input '{input.Name}' is no tensor, so no values can be made for it.");
        return Make(input.Name, type.Element, type.Shape is { } declared
            ? [.. declared.Select((d, axis) => d.Value is >= 0 ? d.Value.Value : Size(OpenDimension.NameOf(input.Name, axis, d)))]
            : Axes(input.Name, sample), random);

        long Size(string name) => sample.Sizes.TryGetValue(name, out long size)
            ? size
            : throw new RefusedException($"--dims {sample}: the size of '{name}' is missing.");
    }

    // Not even the rank is known: as many axes as are given.
    private static long[] Axes(string input, DimensionSample sample)
    {
        List<long> shape = [];
        while (sample.Sizes.TryGetValue(OpenDimension.Place(input, shape.Count), out long size))
            shape.Add(size);
        return shape.Count > 0
            ? [.. shape]
            : throw new RefusedException($"The model does not say how many dimensions the input '{input}' has: give all of them, --dims {OpenDimension.Place(input, 0)}=1,{OpenDimension.Place(input, 1)}=3, or values, {Advice}.");
    }

    // Where it is more than can be counted, it is too much for anything.
    private static double Count(IEnumerable<long> shape) => shape.Aggregate(1.0, static (a, b) => a * b);

    private byte[] Fill(string input, ElementType type, int count, SeededRandom random)
    {
        double? fill = fills.TryGetValue(input, out double given) ? given : null;
        double Real() => fill ?? ((random.Fraction() * 2) - 1);
        long Whole() => fill is { } number ? (long)number : Choose(input, AnyIndex, isMode: true, random);
        // What is quantised has all of them; so has what is compared with one.
        long Byte() => fill is { } number ? (long)number : Choose(input, AnyByte, isMode: false, random);
        return type switch
        {
            ElementType.Float => Make(count, () => (float)Real()),
            ElementType.Double => Make(count, Real),
            ElementType.Float16 => Make(count, () => (Half)Real()),
            // The upper half of a float.
            ElementType.BFloat16 => Make(count, () => (ushort)(BitConverter.SingleToUInt32Bits((float)Real()) >> 16)),
            ElementType.Int64 => Make(count, Whole),
            ElementType.UInt64 => Make(count, () => (ulong)Whole()),
            ElementType.Int32 => Make(count, () => (int)Whole()),
            ElementType.UInt32 => Make(count, () => (uint)Whole()),
            ElementType.Int16 => Make(count, () => (short)Whole()),
            ElementType.UInt16 => Make(count, () => (ushort)Whole()),
            ElementType.Int8 => Make(count, () => (sbyte)Byte()),
            ElementType.UInt8 => Make(count, () => (byte)Byte()),
            ElementType.Bool => Make(count, () => fill is { } number ? number != 0 : random.Below(2) == 1),
            _ => throw new RefusedException($"The input '{input}' is of {type.Word()}, of which no values are made: give some {Advice}."),
        };
    }

    private long Choose(string input, IReadOnlyList<long> others, bool isMode, SeededRandom random)
    {
        if (!_hints.TryGetValue(input, out IReadOnlyList<long>? choices))
            _hints.Add(input, choices = IntegerHints.For(graph, input, isMode) is { Count: > 0 } said ? said : others);
        return choices[random.Below(choices.Count)];
    }

    private static byte[] Make<T>(int count, Func<T> next)
        where T : unmanaged
    {
        T[] values = new T[count];
        for (int i = 0; i < count; i++)
            values[i] = next();
        return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    }
}
