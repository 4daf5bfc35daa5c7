using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Google.Protobuf;

namespace Cleave.Tool.Golden;

/// <summary>
/// Recorded inputs and outputs of a model, in the folder <c>&lt;model&gt;.golden</c>, laid out as ONNX's own test data:
/// <c>test_data_set_0/input_0.pb</c>, <c>output_0.pb</c>, each a TensorProto.
/// </summary>
internal static class GoldenSets
{
    private const string SetPrefix = "test_data_set_";

    public static string FolderOf(string model) => model + ".golden";

    /// <summary>The sets of a model, by number; none where it has no recording.</summary>
    public static IReadOnlyList<string> Of(string model) => Directory.Exists(FolderOf(model))
        ? [.. Directory.GetDirectories(FolderOf(model), SetPrefix + "*").Order(Comparer<string>.Create(ByNumber))]
        : [];

    /// <summary>Records; sets of an earlier recording are replaced as a whole.</summary>
    /// <exception cref="RefusedException">An output is no tensor, or differs from run to run, or none has elements.</exception>
    public static void Write(ModelUnderTest model, string path, IReadOnlyList<ReferenceCase> cases, IReadOnlyList<ValueInfo> inputs, CancellationToken cancellationToken)
    {
        string folder = FolderOf(path), written = folder + "." + Guid.NewGuid().ToString("N") + ".tmp";
        try
        {
            for (int i = 0; i < cases.Count; i++)
                WriteSet(Path.Combine(written, SetPrefix + Text(i)), model, cases[i], inputs);
            if (cases.All(static c => c.Optimised.Values.All(static v => v.Count == 0)))
                throw new RefusedException("The model's outputs have no elements on these inputs, so nothing would be compared: give others with --inputs, or sizes with --dims.");
            cancellationToken.ThrowIfCancellationRequested();
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
            Directory.Move(written, folder);
        }
        finally
        {
            if (Directory.Exists(written))
                Directory.Delete(written, recursive: true);
        }
    }

    /// <summary>The recorded value of an output.</summary>
    /// <exception cref="RefusedException">It is missing or no tensor.</exception>
    public static TensorCopy ReadOutput(string set, int number)
    {
        string path = Path.Combine(set, "output_" + Text(number) + ".pb");
        return File.Exists(path) ? GivenInputs.ReadTensor(path) : throw new RefusedException($"{path} is missing: record again with cleave golden --record.");
    }

    /// <summary>What a file of a set says of the name of its tensor; empty: nothing, or there is no such file.</summary>
    /// <exception cref="RefusedException">It is no tensor.</exception>
    public static string NameIn(string set, string kind, int number)
    {
        string path = Path.Combine(set, kind + "_" + Text(number) + ".pb");
        try
        {
            return File.Exists(path) ? TensorProto.Parser.ParseFrom(File.ReadAllBytes(path)).Name : "";
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RefusedException($"{path} is no tensor that can be read: {e.Message}");
        }
    }

    /// <summary>How many files of a kind a set has.</summary>
    public static int Count(string set, string kind)
    {
        int count = 0;
        while (File.Exists(Path.Combine(set, kind + "_" + Text(count) + ".pb")))
            count++;
        return count;
    }

    private static void WriteSet(string set, ModelUnderTest model, ReferenceCase reference, IReadOnlyList<ValueInfo> inputs)
    {
        Directory.CreateDirectory(set);
        for (int i = 0; i < inputs.Count; i++)
            GivenInputs.WriteTensor(Path.Combine(set, "input_" + Text(i) + ".pb"), inputs[i].Name, reference.Inputs.Values[inputs[i].Name]);
        for (int i = 0; i < model.Graph.Outputs.Count; i++)
        {
            string name = model.Graph.Outputs[i];
            if (reference.Unstable.Contains(name))
                throw new RefusedException($"The output '{name}' differs from one run to the next, so it cannot be recorded.");
            if (!reference.Optimised.TryGetValue(name, out TensorCopy? value))
                throw new RefusedException($"The output '{name}' is no tensor, so it cannot be recorded.");
            GivenInputs.WriteTensor(Path.Combine(set, "output_" + Text(i) + ".pb"), name, value);
        }
    }

    private static int ByNumber(string one, string other) => one.Length != other.Length ? one.Length.CompareTo(other.Length) : string.CompareOrdinal(one, other);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
