using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Partitions;
using Cleave.Core.Shapes;

namespace Cleave.Tool.Running;

/// <summary>An input as every candidate gets it: the elements as they lie in memory, empty for strings.</summary>
internal sealed record InputData(string Name, ElementType Type, int[] Shape, byte[] Bytes)
{
    public int Count => Shape.Aggregate(1, (a, b) => checked(a * b));
}

/// <summary>A dimension that the model leaves open, and what it is in this run.</summary>
internal sealed record DimensionSize(string Name, int Size, bool Given);

/// <summary>
/// Inputs for a model that leaves dimensions open, the same each time.
/// </summary>
internal sealed record RequestInputs(IReadOnlyList<InputData> Inputs, IReadOnlyList<DimensionSize> Dimensions)
{
    private const ulong Seed = 7;

    /// <summary>Makes the inputs of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="dims">Sizes by the dimension's name, or by <c>input[axis]</c>; what is missing is 1.</param>
    /// <param name="fills">Numbers by input: every element of it is that.</param>
    /// <exception cref="RefusedException">Something given fits nothing in the model, or an input cannot be made.</exception>
    public static RequestInputs For(OnnxModel model, IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills)
    {
        InputMaker maker = new(PlanGraphBuilder.Build(ShapeInference.Infer(model)), fills.ToDictionary(f => f.Key, f => Number(f.Key, f.Value), StringComparer.Ordinal));
        maker.CheckFills();
        SeededRandom random = new(Seed);
        Dictionary<string, DimensionSize> sizes = new(StringComparer.Ordinal);
        List<InputData> made = [];
        foreach (ValueInfo input in maker.Inputs)
        {
            if (input.Type is not OnnxType.Tensor type)
                throw new RefusedException($"The input '{input.Name}' is no tensor; bench can make tensors only.");
            if (!type.Element.IsInBinding())
                throw new RefusedException($"The input '{input.Name}' is of {type.Element.Word()}, which ONNX Runtime's C# binding cannot make.");
            int[] shape = Shape(input.Name, type, dims, sizes);
            made.Add(new InputData(input.Name, type.Element, shape, maker.Make(input.Name, type.Element, Array.ConvertAll(shape, d => (long)d), random).Bytes));
        }
        Expect("--dims", dims.Keys, [.. sizes.Keys], "the model leaves no dimension of that name open", "it leaves open ");
        Expect("--input", fills.Keys, [.. maker.Inputs.Select(i => i.Name)], "the model has no input of that name", "it has ");
        return new RequestInputs(made, [.. sizes.Values]);
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
            : throw new RefusedException($"The model does not say how many dimensions the input '{input}' has: give all of them, --dims {Place(input, 0)}=1,{Place(input, 1)}=3.");

        int Size(string name)
        {
            string? text = dims.GetValueOrDefault(name);
            int size = 1;
            if (text != null && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size))
                throw new RefusedException($"--dims {name}={text}: a size is a whole number.");
            sizes[name] = new DimensionSize(name, size, text != null);
            return size;
        }
    }

    private static double Number(string input, string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
        ? number
        : throw new RefusedException($"--input {input}={text}: a value is a number.");

    private static string Place(string input, int axis) => string.Create(CultureInfo.InvariantCulture, $"{input}[{axis}]");

    private static void Expect(string option, IEnumerable<string> given, IReadOnlyCollection<string> known, string lacks, string has)
    {
        foreach (string name in given)
        {
            if (!known.Contains(name))
                throw new RefusedException($"{option} {name}: {lacks}{(known.Count > 0 ? "; " + has + string.Join(", ", known) : "")}.");
        }
    }
}
