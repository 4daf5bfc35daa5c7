using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Tool.Running;

namespace Cleave.Tool.Verification;

/// <summary>The inputs on which results are compared: those asked for, else some that the model takes.</summary>
internal sealed class ReferenceCases
{
    // Samples of open dimensions where none are given.
    private const int Samples = 3;

    private readonly InputMaker _maker;
    private readonly VerifyOptions _options;
    private readonly CancellationToken _cancellationToken;

    /// <exception cref="RefusedException">Something given fits nothing in the model.</exception>
    public ReferenceCases(InputMaker maker, VerifyOptions options, CancellationToken cancellationToken)
    {
        _maker = maker;
        _options = options;
        _cancellationToken = cancellationToken;
        Check(maker, options.Samples, options.Fills);
    }

    /// <summary>Runs the whole model on each.</summary>
    /// <param name="references">The whole model.</param>
    /// <param name="sample">Sizes that the model takes; null where all inputs are given.</param>
    /// <exception cref="RefusedException">The model takes none.</exception>
    public List<ReferenceCase> Run(References references, out DimensionSample? sample)
    {
        List<ReferenceCase> cases = [];
        sample = null;
        try
        {
            foreach (string folder in _options.InputFolders)
            {
                _cancellationToken.ThrowIfCancellationRequested();
                cases.Add(references.Run(GivenInputs.Read(folder, _maker.Inputs)));
            }
            foreach (DimensionSample given in _options.Samples)
            {
                (DimensionSample completed, ReferenceCase taken) = given.FirstTaken(_maker, s => references.Run(_maker.Make(s, _options.SeedOfInputs)), _cancellationToken);
                cases.Add(taken);
                sample ??= completed;
            }
        }
        catch (SegmentException e)
        {
            throw new RefusedException($"ONNX Runtime does not run the model on these inputs: {e.Message}");
        }
        if (sample is null && !(_options.OnlyGiven && cases.Count > 0))
            sample = AddLikely(references, cases);
        return cases;
    }

    /// <summary>Whether the model has the dimensions and inputs that are named.</summary>
    /// <exception cref="RefusedException">It lacks one.</exception>
    public static void Check(InputMaker maker, IReadOnlyList<DimensionSample> samples, IReadOnlyDictionary<string, double> fills)
    {
        HashSet<string> open = [.. OpenDimension.Of(maker.Inputs).Select(d => d.Name)];
        string[] ofUnknownRank = [.. maker.Inputs.Where(i => i.Type is OnnxType.Tensor { Shape: null }).Select(i => i.Name)];
        foreach (string name in samples.SelectMany(static s => s.Sizes.Keys))
        {
            if (!open.Contains(name) && !ofUnknownRank.Any(i => name.StartsWith(i + "[", StringComparison.Ordinal)))
                throw new RefusedException($"--dims {name}: the model leaves no dimension of that name open{(open.Count > 0 ? "; it leaves open " + string.Join(", ", open.Order(StringComparer.Ordinal)) : "")}.");
        }
        foreach (string name in fills.Keys)
        {
            if (!maker.Inputs.Any(i => i.Name == name))
                throw new RefusedException($"--input {name}: the model has no input of that name; it has {string.Join(", ", maker.Inputs.Select(i => i.Name))}.");
        }
        maker.CheckFills();
    }

    // The model decides which sizes it takes.
    private DimensionSample? AddLikely(References references, List<ReferenceCase> cases)
    {
        IReadOnlyList<OpenDimension> open = OpenDimension.Of(_maker.Inputs);
        int wanted = cases.Count + Samples;
        string refusal = "";
        DimensionSample? taken = null;
        foreach (DimensionSample sample in DimensionSample.Candidates(open).Where(_maker.IsModest))
        {
            if (cases.Count == wanted)
                break;
            _cancellationToken.ThrowIfCancellationRequested();
            try
            {
                cases.Add(references.Run(_maker.Make(sample, _options.SeedOfInputs)));
                taken ??= sample;
            }
            catch (SegmentException e)
            {
                refusal = e.Message;
            }
            // There are given inputs, and no others can be made.
            catch (RefusedException) when (cases.Count > 0)
            {
                break;
            }
        }
        if (cases.Count > 0)
            return taken;
        throw new RefusedException(open.Count == 0
            ? $"ONNX Runtime does not run the model on random inputs; give some {InputMaker.Advice}. It says: {refusal}"
            : $"The model takes none of the sizes that were tried for {string.Join(", ", open.Select(d => d.Name))}; give some, as in --dims {open[0].Name}=1 ({(open.All(static d => d.HasName) ? "in a project the item's Dims" : "cleave validate takes those that cleave golden --record has recorded")}). ONNX Runtime says: {refusal}");
    }
}
