using System;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Plans;
using Cleave.Sessions;
using Cleave.Sources;
using Cleave.Tool.Benching;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cleave.Tool.Preparing;

/// <summary>A model as its generated runner opens it, with the plans that it may run, and no session yet.</summary>
internal sealed class OpenedForRunner : IDisposable
{
    private readonly OpenedModel _opened;

    /// <param name="path">The model's file.</param>
    /// <param name="item">Its item metadata in the project.</param>
    /// <param name="cores">The cores to plan for, of whichever machine; null: all that the process may use. The item may have fewer.</param>
    /// <param name="options">What an application would set.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BenchException">The generator would report an error.</exception>
    /// <exception cref="CleaveException">The model cannot be opened.</exception>
    public OpenedForRunner(string path, ListingOptions item, int? cores, RunnerOptions options, CancellationToken cancellationToken)
    {
        Definition = LooseDefinition.Of(LooseDefinition.SpecOf(path, ModelReader.ReadFile(path, cancellationToken), item));
        options.Model = ModelSource.File(path);
        RunnerOptions runner = options.Over(Definition.Options);
        Cores = cores is { } asked ? Math.Min(asked, runner.Cores ?? asked) : CoreBudget.Resolve(runner.Cores).Cores;
        _opened = OpenedModel.Open(Definition, runner);
        Factory = new SessionFactory(_opened, Definition, runner, ProcessFiles.System, NullLogger.Instance);
        Modes = ModeList.Of(Definition, runner, Cores, Factory.Slicing, tuned: null);
    }

    public ModelDefinition Definition { get; }

    public int Cores { get; }

    public SessionFactory Factory { get; }

    /// <summary>Every plan that the runner may run.</summary>
    public ModeList Modes { get; }

    public void Dispose()
    {
        Factory.Dispose();
        _opened.Dispose();
    }
}
