using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Serialization;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Cores;
using Cleave.Tool.Output;
using Cleave.Tool.Quantizing.Search;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Quantizing;

/// <summary>How far a model in 8 bits is from the one of floats that it was made of, on inputs that it was not made with. This is the JSON, too (docs/verify.md).</summary>
internal sealed record SourceComparison
{
    /// <summary>What a file for other processors gives here.</summary>
    public const string Saturates = "this processor has no VNNI instructions, which weights of 8 bits are for: sums may be cut off here, so errors and times are not those of a processor that has them";

    public int Format { get; init; } = 1;

    /// <summary>The paths as they were passed.</summary>
    public required string Model { get; init; }

    public required string Against { get; init; }

    /// <summary>The version of ONNX Runtime that ran both.</summary>
    public required string OnnxRuntime { get; init; }

    /// <summary>What the error may be at most.</summary>
    public required double MaxError { get; init; }

    /// <summary>On the inputs that the file was not made with.</summary>
    public required StatedError Error { get; init; }

    /// <summary>The worst of them.</summary>
    public required string Input { get; init; }

    /// <summary>Inputs that were left out, since the file was made with them.</summary>
    public required int Calibrated { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    public bool IsWithin => Error.Worst <= MaxError;

    /// <summary>What is wrong, for people; where nothing is, how far they are apart.</summary>
    [JsonIgnore]
    public string Words => string.Create(CultureInfo.InvariantCulture,
        $"{(Error.Output.Length == 0 ? "no output is off" : $"the output '{Error.Output}' is {ErrorText.Of(Error.Worst, MaxError)} of its length off on {Input}")}; {MaxError} are allowed ({PlainText.Count(Error.Inputs, "input")} that it was not made with)");

    /// <param name="quantised">The model in 8 bits.</param>
    /// <param name="source">The model of floats.</param>
    /// <param name="folders">Inputs of the application.</param>
    /// <param name="budget">The largest error; null: the one that the file says it was made for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RefusedException">They cannot be compared; why.</exception>
    /// <exception cref="Core.Diagnostics.ModelException">One of them is no usable model.</exception>
    public static SourceComparison Of(string quantised, string source, IReadOnlyList<string> folders, double? budget, CancellationToken cancellationToken)
    {
        using ModelUnderTest bytes = new(quantised, cancellationToken: cancellationToken), floats = new(source, cancellationToken: cancellationToken);
        double allowed = Budget(bytes, budget);
        IReadOnlyList<ValueInfo> inputs = new InputMaker(floats.Graph, new Dictionary<string, double>()).Inputs;
        Check(bytes, floats, inputs);
        if (folders.Count == 0)
            throw new RefusedException("there are no inputs to compare both on: record some in the application (RunnerOptions.Record, CLEAVE_RECORD), or give some.");
        IReadOnlyList<InputCase> all = InputFolders.Read(folders, inputs, floats.Graph.Outputs);
        HashSet<string> known = [.. (bytes.Metadata(QuantisationMetadata.Calibration) ?? "").Split(' ')];
        InputCase[] unseen = [.. all.Where(c => !known.Contains(QuantizedMetadata.OfInputs(c)))];
        if (unseen.Length == 0)
            throw new RefusedException((all.Count == 1 ? "the only input is" : $"all {all.Count} inputs are") + " among those that the file was made with: that says nothing of others; record more, or give others.");
        try
        {
            (StatedError error, string worst) = Compare(bytes, floats, unseen, cancellationToken);
            return new SourceComparison
            {
                Model = quantised,
                Against = source,
                OnnxRuntime = OrtEnv.Instance().GetVersionString(),
                MaxError = allowed,
                Error = error,
                Input = worst,
                Calibrated = all.Count - unseen.Length,
                Notes = [.. About(bytes, floats)],
            };
        }
        catch (SegmentException e)
        {
            throw new RefusedException("ONNX Runtime does not run it: " + e.Message);
        }
    }

    private static IEnumerable<string> About(ModelUnderTest bytes, ModelUnderTest floats)
    {
        if (QuantisationMetadata.Of(bytes.Graph.Model, QuantisationMetadata.Source) != QuantisationMetadata.HashKind + ModelFiles.Of(floats.Path, floats.Graph.Model).Digest())
            yield return $"{Path.GetFileName(floats.Path)} is not the file that the quantised model says it was made of";
        if (QuantisationMetadata.Of(bytes.Graph.Model, QuantisationMetadata.Processor) == QuantisationMetadata.Vnni && !Vnni.IsHere)
            yield return Saturates;
    }

    private static (StatedError Error, string Worst) Compare(ModelUnderTest bytes, ModelUnderTest floats, InputCase[] inputs, CancellationToken cancellationToken)
    {
        SessionRequest how = new(GraphOptimizationLevel.ORT_ENABLE_ALL, 1);
        using SessionChain one = SessionChain.OfFile(floats, how), other = SessionChain.OfFile(bytes, how);
        List<OutputError> errors = [];
        foreach (InputCase input in inputs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            errors.Add(OutputError.Between(one.Run(input.Values, floats.Graph.Outputs), other.Run(input.Values, floats.Graph.Outputs)));
        }
        return (StatedError.Of(errors), inputs[errors.IndexOf(errors.MaxBy(static e => e.Relative)!)].Name);
    }

    private static double Budget(ModelUnderTest bytes, double? given)
    {
        string? said = QuantisationMetadata.Of(bytes.Graph.Model, QuantisationMetadata.MaxError);
        double? budget = given ?? (double.TryParse(said, NumberStyles.Float, CultureInfo.InvariantCulture, out double made) ? made : null);
        return budget switch
        {
            null => throw new RefusedException("the file does not say for which error it was made, as what cleave quantize writes does: state one with --max-error."),
            > 0 => budget.Value,
            _ => throw new RefusedException(string.Create(CultureInfo.InvariantCulture, $"--max-error {budget}: give a number above 0.")),
        };
    }

    private static void Check(ModelUnderTest bytes, ModelUnderTest floats, IReadOnlyList<ValueInfo> inputs)
    {
        if (floats.RandomOperators.Count > 0)
            throw new RefusedException($"the model draws random numbers ({string.Join(", ", floats.RandomOperators)}), so no error can be stated.");
        string[] before = [.. inputs.Select(static i => i.Name)], after = [.. new InputMaker(bytes.Graph, new Dictionary<string, double>()).Inputs.Select(static i => i.Name)];
        if (!before.SequenceEqual(after, StringComparer.Ordinal) || !floats.Graph.Outputs.SequenceEqual(bytes.Graph.Outputs, StringComparer.Ordinal))
        {
            throw new RefusedException($"it is another model: inputs {string.Join(", ", after)} and outputs {string.Join(", ", bytes.Graph.Outputs)} instead of "
                + $"{string.Join(", ", before)} and {string.Join(", ", floats.Graph.Outputs)}.");
        }
    }
}
