using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Engines;
using Cleave.Ensembles.Serving;
using Cleave.Generated;
using Cleave.Sessions;

namespace Cleave.Ensembles;

/// <summary>
/// A column of the matrix on the processor: the opened models that a member's instances run. Instances of one thread share the ensemble's own one where that has one thread,
/// too: a session of one thread serves any number of callers. Thread-safe.
/// </summary>
internal sealed class CpuMember : IDisposable
{
    private readonly bool _owns;

    /// <param name="member">The member.</param>
    /// <param name="place">Its place.</param>
    /// <param name="own">The model that requests run which are not cut.</param>
    /// <param name="options">How the member is opened.</param>
    /// <param name="cell">How it serves segments.</param>
    /// <exception cref="CleaveException">ONNX Runtime refuses another session.</exception>
    public CpuMember(EnsembleMember member, int place, MemberModel own, RunnerOptions options, InstanceGroup cell)
    {
        Place = place;
        Name = member.Name;
        Cell = cell;
        _owns = cell.Threads != own.Cores || (cell.Threads > 1 && cell.Count > 1);
        Models = _owns ? Open(member, options, cell) : [own];
    }

    public int Place { get; }

    public string Name { get; }

    public InstanceGroup Cell { get; }

    /// <summary>What its instances run.</summary>
    public MemberModel[] Models { get; }

    /// <summary>Those that are not the ensemble's.</summary>
    public IReadOnlyList<MemberModel> Own => _owns ? Models : [];

    /// <summary>Locked while the weights of all of it change, which is short, and while a request chooses its own.</summary>
    public object Weights { get; } = new();

    /// <summary>Enters the engines where requests go now, for a request that is to have one set of weights.</summary>
    public RunnerEngine[] EnterAll() => Array.ConvertAll(Models, static m => m.Current.Enter());

    /// <summary>Its instances, for the inference system.</summary>
    public IReadOnlyList<IMemberInstance> Instances(CoreTurns turns) =>
        [.. Enumerable.Range(0, Cell.Count).Select(i => new CpuInstance(this, i, turns))];

    public void Dispose()
    {
        foreach (MemberModel model in Own)
            model.Dispose();
    }

    private static MemberModel[] Open(EnsembleMember member, RunnerOptions options, InstanceGroup cell)
    {
        RunnerOptions exact = options.Copy();
        exact.Cores = cell.Threads;
        exact.Dividing = DividingChoice.Off;
        // Each session of several threads has one caller at a time.
        return AllOrNone.Open(Enumerable.Range(0, cell.Threads == 1 ? 1 : cell.Count), _ => new MemberModel(member, exact));
    }
}
