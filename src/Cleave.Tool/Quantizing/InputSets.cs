using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;

namespace Cleave.Tool.Quantizing;

/// <summary>The inputs that a model is calibrated and chosen on, and others on which its error is stated.</summary>
/// <param name="Search">For the first.</param>
/// <param name="HeldOut">For the second.</param>
/// <param name="AreGiven">Whether they are inputs of the application, not random ones.</param>
internal sealed record InputSets(IReadOnlyList<InputCase> Search, IReadOnlyList<InputCase> HeldOut, bool AreGiven)
{
    /// <summary>What choices were made on in the end.</summary>
    public IReadOnlyList<InputCase> Seen { get; init; } = Search;

    private const int RandomSearch = 3;
    private const int RandomHeldOut = 4;

    /// <summary>Reads those that are given, equal ones once: every second one is held out.</summary>
    /// <exception cref="RefusedException">They are no inputs of the model, or too few.</exception>
    public static InputSets Given(IReadOnlyList<string> folders, IReadOnlyList<ValueInfo> inputs, IReadOnlyList<string> outputs)
    {
        IReadOnlyList<InputCase> given = InputFolders.Read(folders, inputs, outputs);
        // What is held out must not have been seen under another name.
        InputCase[] all = [.. given.DistinctBy(QuantizedMetadata.OfInputs)];
        if (all.Length < 2)
            throw new RefusedException($"--inputs: {all.Length} sample is too few{(given.Count > all.Length ? $" (of {given.Count}, equal ones count once)" : "")}: one at least is calibrated on, and another one says what the error is on inputs that were not.");
        return new InputSets([.. all.Where((_, i) => i % 2 == 0)], [.. all.Where((_, i) => i % 2 == 1)], AreGiven: true);
    }

    /// <summary>Random ones, of sizes that the model takes.</summary>
    /// <exception cref="RefusedException">It takes none.</exception>
    public static InputSets Random(ModelUnderTest model, QuantizeOptions options, CancellationToken cancellationToken = default)
    {
        InputMaker maker = new(model.Graph, options.Fills);
        ReferenceCases.Check(maker, options.Samples, options.Fills);
        DimensionSample[] samples = Taken(model, maker, options.Samples, cancellationToken);
        int searched = Math.Max(RandomSearch, samples.Length), heldOut = Math.Max(RandomHeldOut, samples.Length);
        InputCase Make(int seed, int i) => maker.Make(samples[i % samples.Length], (ulong)seed + 1);
        InputCase[] made = [.. Enumerable.Range(0, searched).Select(i => Make(i, i)), .. Enumerable.Range(0, heldOut).Select(i => Make(searched + i, i))];
        // Where there are few values, or --input says them all, an input may be held out that was seen.
        InputCase[] search = [.. made.Take(searched).DistinctBy(QuantizedMetadata.OfInputs)], others = [.. made.Skip(searched).ExceptBy(search.Select(QuantizedMetadata.OfInputs), QuantizedMetadata.OfInputs)];
        if (others.Length == 0)
            (search, others) = (search[..^1], search[^1..]);
        if (search.Length == 0)
            throw new RefusedException("All random inputs are the same, so none is left to state the error on. Give some of the application's with --inputs, or let an input vary that --input fills.");
        return new InputSets(search, others, AreGiven: false);
    }

    // Sizes that are not given are found.
    private static DimensionSample[] Taken(ModelUnderTest model, InputMaker maker, IReadOnlyList<DimensionSample> given, CancellationToken cancellationToken)
    {
        using SessionChain chain = SessionChain.OfMapped(model, new SessionRequest(Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_ENABLE_ALL, 1));
        string refusal = "";
        try
        {
            if (given.Count > 0)
                return [.. given.Select(s => s.FirstTaken(maker, Run, cancellationToken).Completed)];
        }
        catch (SegmentException e)
        {
            throw new RefusedException($"ONNX Runtime does not run the model on these sizes: {e.Message}");
        }
        foreach (DimensionSample sample in DimensionSample.Candidates(OpenDimension.Of(maker.Inputs)).Where(maker.IsModest))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                Run(sample);
                return [sample];
            }
            catch (SegmentException e)
            {
                refusal = e.Message;
            }
        }
        throw new RefusedException("ONNX Runtime does not run the model on random inputs: give some with --inputs, or sizes with --dims. It says: " + refusal);

        bool Run(DimensionSample sample) => chain.Run(maker.Make(sample, 1).Values, model.Graph.Outputs) is not null;
    }
}
