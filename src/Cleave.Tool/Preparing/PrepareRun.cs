using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Generator.Model;
using Cleave.Plans;
using Cleave.Prepared;
using Cleave.Prepared.Making;
using Cleave.Sessions;
using Cleave.Sources;
using Cleave.Tool.Benching;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cleave.Tool.Preparing;

/// <summary>What <c>cleave prepare</c> was asked for.</summary>
/// <param name="Folder">Where entries are made.</param>
/// <param name="Cores">The cores to prepare for; null: all that the process may use.</param>
/// <param name="MostBytes">The most bytes that the folder may hold.</param>
/// <param name="Item">The model's item metadata in the project.</param>
internal sealed record PrepareOptions(string Folder, int? Cores, long? MostBytes, ListingOptions Item);

/// <summary><c>cleave prepare</c>: prepares the segments that the generated runner would open here.</summary>
internal static class PrepareRun
{
    /// <param name="path">The model.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="say">Told what is going on.</param>
    /// <param name="cancellationToken">Ends it; nothing half-made is left.</param>
    /// <exception cref="BenchException">The generator would report an error.</exception>
    /// <exception cref="CleaveException">ONNX Runtime refuses the model.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static IReadOnlyList<PreparedSegment> Make(string path, PrepareOptions options, Action<string> say, CancellationToken cancellationToken)
    {
        OnnxModel model = ModelReader.ReadFile(path, cancellationToken);
        RunnerSpec spec = LooseDefinition.SpecOf(path, model, options.Item);
        ModelDefinition definition = LooseDefinition.Of(spec);
        RunnerOptions runner = new() { Model = ModelSource.File(path) };
        CoreBudget cores = CoreBudget.Resolve(options.Cores);
        using OpenedModel opened = OpenedModel.Open(definition, runner);
        using SessionFactory factory = new(opened, definition, runner, ProcessFiles.System, NullLogger.Instance);
        ModeList modes = ModeList.Of(definition, runner, cores.Cores, factory.Slicing, tuned: null);
        ModelPreparation preparation = new(factory, definition, modes.Modes, new FolderTrust(false), new PreparationOptions(IsForAll: true, IsAsked: true, options.MostBytes, step =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            say(step);
        }));
        say($"preparing for {cores.Cores} {(cores.Cores == 1 ? "core" : "cores")}, about {PrepareText.Megabytes(factory.WeightBytes)} to {PrepareText.Megabytes(preparation.EstimatedBytes)} for each session of the whole model");
        return preparation.Run(Path.GetFullPath(options.Folder));
    }

    /// <summary>What is damaged, by entry: every byte is hashed. Entries that say that nothing was prepared have none.</summary>
    public static IReadOnlyList<(ListedEntry Entry, string? Problem)> Check(string folder, FolderTrust trust) =>
        [.. Housekeeping.List(folder, trust).Select(e => (e, e.Problem ?? PreparedEntry.Damage(Path.Combine(folder, e.Name), e.Manifest!)))];
}
