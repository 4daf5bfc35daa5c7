using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Cores;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Benching;

/// <summary>Measures a model: every set-up of ONNX Runtime in the list, and Cleave.</summary>
internal sealed class BenchRun : IDisposable
{
    private const string Published = "published";
    private const string Cleaned = "cleaned";

    // On a machine that is not quiet, where nobody said how many rounds.
    private const int Extension = 3;

    private readonly string _path;
    private readonly BenchOptions _options;
    private readonly RequestInputs _inputs;
    private readonly CleanedModel _cleaned;
    private readonly TemporaryFolder _folder = new();
    private readonly List<Entry> _entries = [];

    /// <exception cref="RefusedException">The options do not fit the model.</exception>
    /// <exception cref="Core.Diagnostics.ModelException">The model cannot be read.</exception>
    public BenchRun(string path, BenchOptions options, CancellationToken cancellationToken)
    {
        _path = path;
        try
        {
            using ByteSource source = ByteSource.OpenFile(path);
            OnnxModel model = ModelReader.Read(source, cancellationToken);
            IReadOnlyDictionary<string, string> given = options.Dims;
            options = options with { Dims = LikelySizes.Complete(path, model, options.Dims, options.Fills) };
            RequestInputs inputs = RequestInputs.For(model, options.Dims, options.Fills);
            _inputs = inputs with { Dimensions = [.. inputs.Dimensions.Select(d => d with { Given = given.ContainsKey(d.Name) })] };
            _options = options;
            _cleaned = CleanedModel.Write(path, model, source, _folder.Path);
        }
        catch
        {
            Dispose();
            throw;
        }
        foreach (OrtConfiguration configuration in OrtConfiguration.List(options.Threads, options.Callers))
        {
            AddSession(configuration, path, Published);
            if (_cleaned.Path is { } file)
                AddSession(configuration, file, Cleaned);
        }
        foreach (int callers in options.Callers)
        {
            foreach (int cores in options.Threads.Where(t => t <= Cores))
                Add(cores == 1 ? "1 core" : $"{cores} cores", Published, callers, name => BenchWorkloads.OfRunner(name, path, options, cores, callers));
        }
    }

    /// <summary>The cores that this process may use.</summary>
    public static int Cores => CoreBudget.Resolve(null).Cores;

    public int Candidates => _entries.Count;

    public MeasureSettings Settings => _options switch
    {
        { Quick: true } => MeasureSettings.Trial,
        { Rounds: { } rounds } => new MeasureSettings { Rounds = rounds },
        _ => new MeasureSettings { Extension = Extension },
    };

    public BenchReport Measure(Action<MeasureProgress>? progress, CancellationToken cancellationToken)
    {
        WorkerHost host = new(typeof(BenchRun).Assembly);
        Measurement measurement = new(c => new WorkerProcess(host, c.Workload, c.Arguments), Settings, progress);
        Samples samples = measurement.Run([.. _entries.Select(e => e.Candidate)], cancellationToken);
        return new BenchReport
        {
            Model = _path,
            Quick = _options.Quick,
            Machine = new MachineReport(
                RuntimeInformation.OSDescription, RuntimeInformation.ProcessArchitecture.ToString(), Cores,
                RuntimeInformation.FrameworkDescription, OrtEnv.Instance().GetVersionString()),
            Inputs = [.. _inputs.Inputs.Select(i => new InputReport(i.Name, i.Type.Word(), i.Shape))],
            Dimensions = _inputs.Dimensions,
            Cleaning = _cleaned.Note,
            Loads = [.. _options.Callers.Select(c => Load(c, samples))],
            DiscardedRounds = samples.DiscardedRounds,
            Certainty = samples.Blocks.Values.Any(b => b.Length >= Statistics.LeastValues) ? Statistics.Certainty : null,
        };
    }

    public void Dispose() => _folder.Dispose();

    private void AddSession(OrtConfiguration configuration, string path, string file) =>
        Add(configuration.Name, file, configuration.Callers, name => BenchWorkloads.OfSession(name, path, _options, configuration), cleave: false);

    private void Add(string setUp, string file, int callers, Func<string, Candidate> make, bool cleave = true)
    {
        string name = (cleave ? "Cleave, " : "ONNX Runtime, ") + setUp;
        string key = string.Create(CultureInfo.InvariantCulture, $"{name} ({file}, {callers})");
        _entries.Add(new Entry(make(key), name, file, cleave));
    }

    private LoadReport Load(int callers, Samples samples)
    {
        Entry[] entries = [.. _entries.Where(e => e.Candidate.Callers == callers)];
        Entry[] measured = [.. entries.Where(e => samples.Blocks.ContainsKey(e.Candidate.Name)).OrderBy(e => samples.Median(e.Candidate.Name))];
        Entry? best = measured.FirstOrDefault(e => !e.Cleave);
        return new LoadReport(
            callers, best?.Label,
            _options.Quick ? "" : Conclusion.Of(measured.Select(e => (e.Label, e.Cleave, e.Candidate.Name)).ToArray(), callers, samples),
            [
                .. measured.Select(e => Row(e, samples, best)),
                .. entries.Except(measured).Select(e => new CandidateReport
                {
                    Name = e.Name, Cleave = e.Cleave, File = e.File, Rounds = [],
                    Error = samples.Failures[e.Candidate.Name].Message,
                }),
            ]);
    }

    private static CandidateReport Row(Entry entry, Samples samples, Entry? best)
    {
        string key = entry.Candidate.Name;
        int callers = entry.Candidate.Callers;
        return new CandidateReport
        {
            Name = entry.Name,
            Cleave = entry.Cleave,
            File = entry.File,
            Median = samples.Median(key) / callers,
            Minimum = samples.Minimum(key) / callers,
            Percentile99 = samples.Percentile99(key),
            Cpu = samples.CpuPerCall(key),
            RatioToBest = best is null ? null : samples.Ratio(key, best.Candidate.Name),
            Rounds = samples.Blocks[key],
        };
    }

    private sealed record Entry(Candidate Candidate, string Name, string File, bool Cleave)
    {
        // Cleave cleans for itself.
        public string Label => Cleave ? Name : $"{Name}, {File} file";
    }
}
