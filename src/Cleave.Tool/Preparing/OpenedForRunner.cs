using System;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Tuning;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Modes;
using Cleave.Sessions;
using Cleave.Sources;
using Cleave.Tool.Loose;
using Cleave.Tuning;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cleave.Tool.Preparing;

/// <summary>A model as its generated runner opens it, with the plans that it may run, and no session yet.</summary>
internal sealed class OpenedForRunner : IDisposable
{
    private readonly OpenedModel _opened;
    private readonly RunnerOptions _runner;

    /// <param name="path">The model's file.</param>
    /// <param name="item">Its item metadata in the project.</param>
    /// <param name="cores">The cores to plan for, of whichever machine; null: all that the process may use. The item may have fewer.</param>
    /// <param name="options">What an application would set.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="RefusedException">The generator would report an error.</exception>
    /// <exception cref="CleaveException">The model cannot be opened.</exception>
    public OpenedForRunner(string path, ListingOptions item, int? cores, RunnerOptions options, CancellationToken cancellationToken)
    {
        Definition = LooseDefinition.Of(LooseDefinition.SpecOf(path, ModelReader.ReadFile(path, cancellationToken), item));
        options.Model = ModelSource.File(path);
        RunnerOptions runner = _runner = options.Over(Definition.Options);
        Cores = cores is { } asked ? Math.Min(asked, runner.Cores ?? asked) : CoreBudget.Resolve(runner.Cores).Cores;
        _opened = OpenedModel.Open(Definition, runner);
        Factory = new SessionFactory(_opened, Definition, runner, isMember: false, ProcessFiles.System, NullLogger.Instance);
        Modes = ModeList.Of(Definition, runner, Cores, Factory.Slicing, tuned: null);
    }

    public ModelDefinition Definition { get; }

    public int Cores { get; }

    public SessionFactory Factory { get; }

    /// <summary>Every plan that the runner may run.</summary>
    public ModeList Modes { get; }

    /// <summary>The same, where a tuning file of the model has measured for so many cores of this machine what is best.</summary>
    public ModeList Tuned()
    {
        MachineSignature machine = ThisMachine.Of(Cores) with { Precision = Factory.Precision.Halves is null ? "" : MachineSignature.Widened };
        TuningStore store = new(Definition, _opened.Path, _runner.TuningFolder, new Lazy<MachineSignature>(machine), NullLogger.Instance);
        return store.Load() is { } section && TunedRunner.Plan(section, Definition.Budgets) is { } best ? ModeList.Of(Definition, _runner, Cores, Factory.Slicing, best) : Modes;
    }

    public void Dispose()
    {
        Factory.Dispose();
        _opened.Dispose();
    }
}
