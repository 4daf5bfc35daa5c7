using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.OnnxProto;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Quantizing.Search;

/// <summary>What a trial found.</summary>
/// <param name="Error">On all inputs.</param>
/// <param name="Nanoseconds">Of a run on the first input, the fastest of a few.</param>
internal sealed record TriedModel(StatedError Error, double Nanoseconds);

/// <summary>Runs models of changed precision beside the published one, on the same inputs.</summary>
internal sealed class ModelTrials
{
    private const int LeastRuns = 5;
    private static readonly TimeSpan Measured = TimeSpan.FromMilliseconds(150);

    private static readonly SessionRequest Single = new(GraphOptimizationLevel.ORT_ENABLE_ALL, 1);

    private readonly ModelUnderTest _published;
    private readonly CancellationToken _cancellationToken;
    private readonly Func<SessionChain, InputCase, double> _time;
    private readonly Lazy<double> _publishedNanoseconds;
    private readonly IReadOnlyList<(InputCase Inputs, Dictionary<string, TensorCopy> Outputs)> _cases;

    /// <param name="published">The model as it is.</param>
    /// <param name="inputs">What both are run on.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="time">Gives the nanoseconds of a run; null: <see cref="Time"/>.</param>
    /// <exception cref="SegmentException">The model does not take the inputs.</exception>
    /// <exception cref="RefusedException">It gives no numbers on them.</exception>
    public ModelTrials(ModelUnderTest published, IReadOnlyList<InputCase> inputs, CancellationToken cancellationToken, Func<SessionChain, InputCase, double>? time = null)
    {
        _published = published;
        _cancellationToken = cancellationToken;
        _time = time ?? Time;
        using SessionChain chain = SessionChain.OfMapped(published, Single);
        _cases = [.. inputs.Select(i => (i, chain.Run(i.Values, published.Graph.Outputs)))];
        _publishedNanoseconds = new(() =>
        {
            using SessionChain again = SessionChain.OfMapped(published, Single);
            return _time(again, inputs[0]);
        });
        foreach ((InputCase given, Dictionary<string, TensorCopy> outputs) in _cases)
        {
            if (outputs.FirstOrDefault(static o => OutputDifference.Numbers(o.Value)?.Any(double.IsNaN) == true).Key is { } output)
                throw new RefusedException($"On {given.Name} the output '{output}' has elements that are no numbers (NaN), so no error can be stated. Give other inputs, or mend the model.");
        }
    }

    /// <summary>Of a run of the published model on the first input; measured when it is first asked for.</summary>
    public double PublishedNanoseconds => _publishedNanoseconds.Value;

    public TriedModel Run(ModelProto changed)
    {
        using SessionChain chain = Open(changed);
        return new TriedModel(Error(chain), _time(chain, _cases[0].Inputs));
    }

    /// <summary>Where nobody asks how fast it is: measuring that takes longer than most runs.</summary>
    public StatedError Error(ModelProto changed)
    {
        using SessionChain chain = Open(changed);
        return Error(chain);
    }

    private SessionChain Open(ModelProto changed)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        return SessionChain.OfMessage(_published, changed, Single);
    }

    private StatedError Error(SessionChain chain) =>
        StatedError.Of([.. _cases.Select(c => OutputError.Between(c.Outputs, chain.Run(c.Inputs.Values, _published.Graph.Outputs)))]);

    /// <summary>Writes the outputs of both models, as ONNX's test data has them: <c>test_data_set_0/output_0.pb</c>.</summary>
    /// <param name="changed">The changed model.</param>
    /// <param name="before">The folder for those of the published one.</param>
    /// <param name="after">And of the changed one.</param>
    public void WriteOutputs(ModelProto changed, string before, string after)
    {
        using SessionChain chain = SessionChain.OfMessage(_published, changed, Single);
        for (int i = 0; i < _cases.Count; i++)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            string set = string.Create(CultureInfo.InvariantCulture, $"test_data_set_{i}");
            Write(Path.Combine(before, set), _cases[i].Outputs);
            Write(Path.Combine(after, set), chain.Run(_cases[i].Inputs.Values, _published.Graph.Outputs));
        }
    }

    private void Write(string folder, Dictionary<string, TensorCopy> outputs)
    {
        Directory.CreateDirectory(folder);
        for (int i = 0; i < _published.Graph.Outputs.Count; i++)
        {
            string name = _published.Graph.Outputs[i];
            // A sequence is no tensor.
            if (outputs.TryGetValue(name, out TensorCopy? value))
                GivenInputs.WriteTensor(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"output_{i}.pb")), name, value);
        }
    }

    /// <summary>The fastest of a few runs.</summary>
    public static double Time(SessionChain chain, InputCase inputs)
    {
        ChainLink link = chain.Links[0];
        OrtValue[] values = [.. link.Reads.Select(r => inputs.Values[r].ToOrtValue())];
        try
        {
            using RunOptions options = new();
            long began = Stopwatch.GetTimestamp();
            double best = double.PositiveInfinity;
            for (int run = 0; run < LeastRuns || Stopwatch.GetElapsedTime(began) < Measured; run++)
            {
                long start = Stopwatch.GetTimestamp();
                link.Session.Run(options, link.Inputs, values, link.Writes).Dispose();
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds);
            }
            return best;
        }
        finally
        {
            foreach (OrtValue value in values)
                value.Dispose();
        }
    }
}
