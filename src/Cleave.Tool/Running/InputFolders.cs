using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Tool.Running;

/// <summary>Inputs of an application, in folders: as ONNX's test data has them, or arrays of NumPy.</summary>
internal static class InputFolders
{
    /// <summary>All of them, in the order of their names.</summary>
    /// <param name="folders">Where they lie.</param>
    /// <param name="inputs">The model's inputs.</param>
    /// <param name="outputs">The names of its outputs: arrays of these names beside an input are no inputs. Null: none are known.</param>
    /// <exception cref="RefusedException">There are none, or they are no inputs of the model.</exception>
    public static IReadOnlyList<InputCase> Read(IReadOnlyList<string> folders, IReadOnlyList<ValueInfo> inputs, IReadOnlyList<string>? outputs = null)
    {
        List<InputCase> all = [];
        foreach (string folder in folders)
        {
            if (!Directory.Exists(folder))
                throw new RefusedException($"--inputs {folder}: there is no such folder.");
            int before = all.Count;
            // Sets of several folders have the same names.
            string prefix = folders.Count > 1 ? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)) + "/" : "";
            all.AddRange(Read(folder, inputs, outputs ?? [], isGiven: true).Select(c => c with { Name = prefix + c.Name }));
            if (all.Count == before)
                throw new RefusedException($"--inputs {folder}: there is nothing in it. Give folders as ONNX's test data has them (test_data_set_0/input_0.pb), or arrays of NumPy ({inputs[0].Name}.npy in a folder for each sample; for a model of one input any number of .npy files).");
        }
        foreach (InputCase one in all)
            Check(one, inputs);
        return all;
    }

    private static IEnumerable<InputCase> Read(string folder, IReadOnlyList<ValueInfo> inputs, IReadOnlyList<string> outputs, bool isGiven)
    {
        if (File.Exists(Path.Combine(folder, "input_0.pb")))
        {
            yield return GivenInputs.Read(folder, inputs);
            yield break;
        }
        if (inputs.Count == 1)
        {
            // One that has the input's name may be all that its folder holds, whose name tells it from others.
            foreach (string file in Arrays(folder, inputs[0], outputs, isGiven))
                yield return new InputCase(Path.GetFileName(file == NumpyPath(folder, inputs[0]) ? folder : file), new Dictionary<string, TensorCopy> { [inputs[0].Name] = NumpyFile.Read(file) });
        }
        else if (inputs.All(i => File.Exists(NumpyPath(folder, i))))
        {
            if (inputs.GroupBy(i => NumpyPath(folder, i), StringComparer.OrdinalIgnoreCase).FirstOrDefault(static g => g.Count() > 1) is { } same)
                throw new RefusedException($"--inputs {folder}: the inputs {string.Join(" and ", same.Select(static i => $"'{i.Name}'"))} would all be read from {Path.GetFileName(same.Key)}. Give folders as ONNX's test data has them (test_data_set_0/input_0.pb).");
            yield return new InputCase(Path.GetFileName(folder), inputs.ToDictionary(i => i.Name, i => NumpyFile.Read(NumpyPath(folder, i)), StringComparer.Ordinal));
            yield break;
        }
        foreach (InputCase one in Directory.GetDirectories(folder).Where(static f => !IsHidden(f)).Order(StringComparer.Ordinal).SelectMany(f => Read(f, inputs, outputs, isGiven: false)))
            yield return one;
    }

    // Beside the input of a sample there may be its label: in a folder for each sample that is everything else, in a given folder what has the name of an output.
    private static IEnumerable<string> Arrays(string folder, ValueInfo input, IReadOnlyList<string> outputs, bool isGiven)
    {
        string own = NumpyPath(folder, input);
        if (!File.Exists(own))
            return Directory.GetFiles(folder, "*.npy").Order(StringComparer.Ordinal);
        HashSet<string> labels = [.. outputs.Select(o => Path.Combine(folder, Path.GetFileName(o) + ".npy"))];
        return isGiven ? Directory.GetFiles(folder, "*.npy").Where(f => f == own || !labels.Contains(f)).Order(StringComparer.Ordinal) : [own];
    }

    /// <summary>What a runner that records has not finished, or never will.</summary>
    public static bool IsHidden(string folder) => Path.GetFileName(folder).StartsWith('.');

    // A name may be a path.
    private static string NumpyPath(string folder, ValueInfo input) => Path.Combine(folder, Path.GetFileName(input.Name) + ".npy");

    private static void Check(InputCase one, IReadOnlyList<ValueInfo> inputs)
    {
        foreach (ValueInfo input in inputs)
        {
            if (input.Type is not OnnxType.Tensor type)
                continue;
            TensorCopy value = one.Values[input.Name];
            if (value.Type != type.Element)
                throw new RefusedException($"--inputs, {one.Name}: '{input.Name}' holds {value.Type.Word()}; the model takes {type.Element.Word()}.");
            if (type.Shape is { } shape && (shape.Length != value.Shape.Length || shape.Where((d, i) => d.Value is >= 0 && d.Value != value.Shape[i]).Any()))
                throw new RefusedException($"--inputs, {one.Name}: '{input.Name}' has the shape [{string.Join(",", value.Shape)}]; the model takes [{string.Join(",", shape.Select(static d => d.Value?.ToString(CultureInfo.InvariantCulture) ?? d.Name ?? "?"))}].");
        }
    }
}
