using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;

namespace Cleave.Tool.Benching;

/// <summary>An input as every candidate gets it: the elements as they lie in memory, empty for strings.</summary>
internal sealed record InputData(string Name, ElementType Type, int[] Shape, byte[] Bytes)
{
    public int Count => Shape.Aggregate(1, (a, b) => checked(a * b));
}

/// <summary>A dimension that the model leaves open, and what it is in this run.</summary>
internal sealed record DimensionSize(string Name, int Size, bool Given);

/// <summary>
/// Inputs for a model that leaves dimensions open: random numbers, the same each time. Floating-point numbers lie between
/// 0 and 1, integers are 0 or 1, which is an index into any table.
/// </summary>
internal sealed record ModelInputs(IReadOnlyList<InputData> Inputs, IReadOnlyList<DimensionSize> Dimensions)
{
    private const int Seed = 7;

    /// <summary>Makes the inputs of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="dims">Sizes by the dimension's name, or by <c>input[axis]</c>; what is missing is 1.</param>
    /// <param name="fills">Numbers by input: every element of it is that.</param>
    /// <exception cref="BenchException">Something given fits nothing in the model, or an input cannot be made.</exception>
    public static ModelInputs For(OnnxModel model, IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills)
    {
        HashSet<string> initializers = [.. model.Graph.Initializers.Select(i => i.Name), .. model.Graph.SparseInitializers.Select(i => i.Name)];
        ValueInfo[] inputs = [.. model.Graph.Inputs.Where(i => !initializers.Contains(i.Name))];
        Dictionary<string, DimensionSize> sizes = new(StringComparer.Ordinal);
        List<InputData> made = [];
        foreach (ValueInfo input in inputs)
        {
            if (input.Type is not OnnxType.Tensor type)
                throw new BenchException($"The input '{input.Name}' is no tensor; bench can make tensors only.");
            int[] shape = Shape(input.Name, type, dims, sizes);
            string? fill = fills.GetValueOrDefault(input.Name);
            made.Add(new InputData(input.Name, type.Element, shape, Fill(input.Name, type.Element, shape, fill, made.Count)));
        }
        Expect("--dims", dims.Keys, [.. sizes.Keys], "dimension that it leaves open");
        Expect("--input", fills.Keys, [.. inputs.Select(i => i.Name)], "input");
        return new ModelInputs(made, [.. sizes.Values]);
    }

    private static int[] Shape(string input, OnnxType.Tensor type, IReadOnlyDictionary<string, string> dims, Dictionary<string, DimensionSize> sizes)
    {
        if (type.Shape is { } declared)
            return [.. declared.Select((d, axis) => d.Value is { } size ? checked((int)size) : Size(d.Name ?? Place(input, axis)))];
        // Not even the rank is known: as many axes as are given.
        List<int> shape = [];
        while (dims.ContainsKey(Place(input, shape.Count)))
            shape.Add(Size(Place(input, shape.Count)));
        return shape.Count > 0
            ? [.. shape]
            : throw new BenchException($"The model does not say how many dimensions the input '{input}' has: give all of them, --dims {Place(input, 0)}=1,{Place(input, 1)}=3.");

        int Size(string name)
        {
            string? text = dims.GetValueOrDefault(name);
            int size = 1;
            if (text != null && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size))
                throw new BenchException($"--dims {name}={text}: a size is a whole number.");
            sizes[name] = new DimensionSize(name, size, text != null);
            return size;
        }
    }

    private static string Place(string input, int axis) => string.Create(CultureInfo.InvariantCulture, $"{input}[{axis}]");

    private static void Expect(string option, IEnumerable<string> given, IReadOnlyCollection<string> known, string what)
    {
        foreach (string name in given)
        {
            if (!known.Contains(name))
                throw new BenchException($"{option} {name}: the model has no {what} of that name{(known.Count > 0 ? "; it has " + string.Join(", ", known) : "")}.");
        }
    }

    private static byte[] Fill(string name, ElementType type, int[] shape, string? fill, int seed)
    {
        double fixedValue = 0;
        if (fill != null && !double.TryParse(fill, NumberStyles.Float, CultureInfo.InvariantCulture, out fixedValue))
            throw new BenchException($"--input {name}={fill}: a value is a number.");
        Random random = new(Seed + seed);
        int count = shape.Aggregate(1, (a, b) => checked(a * b));
        double Real() => fill is null ? random.NextDouble() : fixedValue;
        double Whole() => fill is null ? random.Next(2) : fixedValue;
        return type switch
        {
            ElementType.Float => Make(count, () => (float)Real()),
            ElementType.Double => Make(count, Real),
            ElementType.Float16 => Make(count, () => (Half)Real()),
            // The upper half of a float.
            ElementType.BFloat16 => Make(count, () => (ushort)(BitConverter.SingleToUInt32Bits((float)Real()) >> 16)),
            ElementType.Int8 => Make(count, () => (sbyte)Whole()),
            ElementType.UInt8 => Make(count, () => (byte)Whole()),
            ElementType.Int16 => Make(count, () => (short)Whole()),
            ElementType.UInt16 => Make(count, () => (ushort)Whole()),
            ElementType.Int32 => Make(count, () => (int)Whole()),
            ElementType.UInt32 => Make(count, () => (uint)Whole()),
            ElementType.Int64 => Make(count, () => (long)Whole()),
            ElementType.UInt64 => Make(count, () => (ulong)Whole()),
            ElementType.Bool => Make(count, () => Whole() != 0),
            ElementType.String => [],
            _ => throw new BenchException($"The input '{name}' is of {type.Word()}, which ONNX Runtime's C# binding cannot make."),
        };
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
