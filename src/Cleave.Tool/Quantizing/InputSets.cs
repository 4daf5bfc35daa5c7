using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Tool.Verification;

namespace Cleave.Tool.Quantizing;

/// <summary>The inputs that a model is calibrated and chosen on, and others on which its error is stated.</summary>
/// <param name="Search">For the first.</param>
/// <param name="HeldOut">For the second.</param>
/// <param name="AreGiven">Whether they are inputs of the application, not random ones.</param>
internal sealed record InputSets(IReadOnlyList<InputCase> Search, IReadOnlyList<InputCase> HeldOut, bool AreGiven)
{
    private const int RandomSearch = 3;
    private const int RandomHeldOut = 4;

    /// <summary>Reads those that are given: every second one is held out.</summary>
    /// <exception cref="VerifyException">They are no inputs of the model, or too few.</exception>
    public static InputSets Given(IReadOnlyList<string> folders, IReadOnlyList<ValueInfo> inputs)
    {
        List<InputCase> all = [];
        foreach (string folder in folders)
        {
            if (!Directory.Exists(folder))
                throw new VerifyException($"--inputs {folder}: there is no such folder.");
            int before = all.Count;
            all.AddRange(Read(folder, inputs));
            if (all.Count == before)
                throw new VerifyException($"--inputs {folder}: there is nothing in it. Give folders as ONNX's test data has them (test_data_set_0/input_0.pb), or arrays of NumPy ({inputs[0].Name}.npy in a folder for each sample; for a model of one input any number of .npy files).");
        }
        if (all.Count < 2)
            throw new VerifyException($"--inputs: {all.Count} sample is too few: one at least is calibrated on, and another one says what the error is on inputs that were not.");
        foreach (InputCase one in all)
            Check(one, inputs);
        return new InputSets([.. all.Where((_, i) => i % 2 == 0)], [.. all.Where((_, i) => i % 2 == 1)], AreGiven: true);
    }

    /// <summary>Random ones, of sizes that the model takes.</summary>
    /// <exception cref="VerifyException">It takes none.</exception>
    public static InputSets Random(ModelUnderTest model, QuantizeOptions options)
    {
        InputMaker maker = new(model.Graph, options.Fills);
        DimensionSample[] samples = options.Samples.Count > 0 ? [.. options.Samples] : [Likely(model, maker)];
        InputCase Make(int seed) => maker.Make(samples[seed % samples.Length], (ulong)seed + 1);
        return new InputSets([.. Enumerable.Range(0, RandomSearch).Select(Make)], [.. Enumerable.Range(RandomSearch, RandomHeldOut).Select(Make)], AreGiven: false);
    }

    private static DimensionSample Likely(ModelUnderTest model, InputMaker maker)
    {
        using SessionChain chain = SessionChain.OfFile(model, new SessionRequest(Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_ENABLE_ALL, 1));
        string refusal = "";
        foreach (DimensionSample sample in DimensionSample.Candidates(OpenDimension.Of(maker.Inputs)))
        {
            try
            {
                chain.Run(maker.Make(sample, 1).Values, model.Graph.Outputs);
                return sample;
            }
            catch (SegmentException e)
            {
                refusal = e.Message;
            }
        }
        throw new VerifyException("ONNX Runtime does not run the model on random inputs: give some with --inputs, or sizes with --dims. It says: " + refusal);
    }

    private static IEnumerable<InputCase> Read(string folder, IReadOnlyList<ValueInfo> inputs)
    {
        if (File.Exists(Path.Combine(folder, "input_0.pb")))
        {
            yield return GivenInputs.Read(folder, inputs);
            yield break;
        }
        if (inputs.All(i => File.Exists(NumpyPath(folder, i))))
        {
            yield return new InputCase(Path.GetFileName(folder), inputs.ToDictionary(i => i.Name, i => NumpyFile.Read(NumpyPath(folder, i)), StringComparer.Ordinal));
            yield break;
        }
        if (inputs.Count == 1)
        {
            foreach (string file in Directory.GetFiles(folder, "*.npy").Order(StringComparer.Ordinal))
                yield return new InputCase(Path.GetFileName(file), new Dictionary<string, TensorCopy> { [inputs[0].Name] = NumpyFile.Read(file) });
        }
        foreach (InputCase one in Directory.GetDirectories(folder).Order(StringComparer.Ordinal).SelectMany(f => Read(f, inputs)))
            yield return one;
    }

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
                throw new VerifyException($"--inputs, {one.Name}: '{input.Name}' holds {value.Type.Word()}; the model takes {type.Element.Word()}.");
            if (type.Shape is { } shape && (shape.Length != value.Shape.Length || shape.Where((d, i) => d.Value is >= 0 && d.Value != value.Shape[i]).Any()))
                throw new VerifyException($"--inputs, {one.Name}: '{input.Name}' has the shape [{string.Join(",", value.Shape)}]; the model takes [{string.Join(",", shape.Select(static d => d.ToString()))}].");
        }
    }
}
