using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Batching;
using Cleave.Elements;
using Cleave.Ensembles.Serving;
using Cleave.Generated;
using Microsoft.Extensions.Logging;

namespace Cleave.Ensembles;

/// <summary>
/// The inference system behind a generated runner: serves requests of many samples on the processor, as the matrix says. Its threads are started by the first such request.
/// Thread-safe.
/// </summary>
internal sealed class CpuServing : IDisposable
{
    private readonly CpuMember[] _members;
    private readonly Lazy<EnsembleSystem> _system;

    /// <param name="definition">The ensemble.</param>
    /// <param name="options">How it works.</param>
    /// <param name="own">The opened members, and how they were opened.</param>
    /// <param name="cells">What each member is to have.</param>
    /// <param name="cores">The cores for all of them together.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="CleaveException">ONNX Runtime refuses another session.</exception>
    public CpuServing(
        EnsembleDefinition definition, EnsembleOptions options, IReadOnlyList<(MemberModel Model, RunnerOptions Options)> own, InstanceGroup[] cells, int cores, ILogger logger)
    {
        SegmentSize = cells.Max(static c => c.Batch);
        SystemOptions system = new()
        {
            SegmentSize = SegmentSize,
            MostSegments = options.MostSegments,
            WhenFull = options.WhenFull,
            Retries = options.Retries,
            Timeline = options.Stages,
            Logger = logger,
        };
        CoreTurns turns = new(cores);
        _members = Open(definition, own, cells);
        _system = new Lazy<EnsembleSystem>(() => new EnsembleSystem(definition.Name, [.. _members.Select(m => (m.Name, m.Instances(turns)))], system));
    }

    /// <summary>Samples of a segment; requests of no more are not cut.</summary>
    public int SegmentSize { get; }

    /// <summary>Why requests to an ensemble are never cut; "" where they are.</summary>
    public static string WhyNot(EnsembleDefinition definition, EnsembleOptions options)
    {
        if (!options.Segments)
            return "Segments is off";
        if (definition.Inputs.Length == 0)
            return "it has no input";
        foreach (EnsembleMember member in definition.Members)
        {
            BatchAxis? axis = member.Model.Batch;
            if (axis is null)
                return "no batch axis is proven for '" + member.Name + "'";
            if (!Array.TrueForAll(axis.Inputs, static a => a == 0) || !Array.TrueForAll(axis.Outputs, static a => a == 0))
                return "the batch is not the first axis of every input and output of '" + member.Name + "'";
            if (Array.Exists(member.Model.Inputs, static v => v.Element.IsText) || Array.Exists(member.Model.Outputs, static v => v.Element.IsText))
                return "'" + member.Name + "' has strings";
        }
        return "";
    }

    /// <summary>Whether a request with these inputs is cut.</summary>
    public bool Cuts(InputSlot[] inputs)
    {
        int samples = inputs[0].Shape is [var first, ..] ? first : 0;
        return samples > SegmentSize && Array.TrueForAll(inputs, i => i.Shape is [var size, ..] && size == samples);
    }

    public void Run(EnsembleJob job, CancellationToken token) => _system.Value.Run(job, token);

    /// <summary>What is known of the members, for people.</summary>
    public IReadOnlyList<MemberSnapshot> Members => _system.IsValueCreated ? _system.Value.Members : [];

    /// <summary>Gives a member's further models other weights.</summary>
    public Task ReloadAsync(string member, ModelSource model, CancellationToken token) => Array.Find(_members, m => m.Name == member)!.ReloadAsync(model, token);

    /// <summary>Ends the threads. Nothing runs any more.</summary>
    public async Task StopAsync()
    {
        if (_system.IsValueCreated)
            await _system.Value.DisposeAsync().ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (CpuMember member in _members)
            member.Dispose();
    }

    private static CpuMember[] Open(EnsembleDefinition definition, IReadOnlyList<(MemberModel Model, RunnerOptions Options)> own, InstanceGroup[] cells)
    {
        List<CpuMember> opened = [];
        try
        {
            for (int m = 0; m < cells.Length; m++)
                opened.Add(new CpuMember(definition.Members[m], m, own[m].Model, own[m].Options, cells[m]));
            return [.. opened];
        }
        catch
        {
            foreach (CpuMember member in opened)
                member.Dispose();
            throw;
        }
    }
}
