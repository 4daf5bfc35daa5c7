using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Batching;
using Cleave.Ensembles.Serving;
using Cleave.Generated;

namespace Cleave.Ensembles;

/// <summary>
/// A column of the matrix on the processor: the opened models that a member's instances run. Instances of one thread share the ensemble's own one where that has one thread,
/// too: a session of one thread serves any number of callers. Thread-safe.
/// </summary>
internal sealed class CpuMember : IDisposable
{
    private readonly MemberModel[] _models;
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
        _models = _owns ? Open(member, options, cell) : [own];
    }

    public int Place { get; }

    public string Name { get; }

    public InstanceGroup Cell { get; }

    /// <summary>Its instances, for the inference system.</summary>
    public IReadOnlyList<IMemberInstance> Instances(CoreTurns turns) =>
        [.. Enumerable.Range(0, Cell.Count).Select(i => new CpuInstance(this, _models[i % _models.Length], turns))];

    /// <summary>Gives its own models other weights; the ensemble's are given theirs by the ensemble.</summary>
    public async Task ReloadAsync(ModelSource model, CancellationToken token)
    {
        foreach (MemberModel own in _owns ? _models : [])
            await own.Current.ReloadAsync(model, token).ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (MemberModel model in _owns ? _models : [])
            model.Dispose();
    }

    private static MemberModel[] Open(EnsembleMember member, RunnerOptions options, InstanceGroup cell)
    {
        RunnerOptions exact = options.Copy();
        exact.Cores = cell.Threads;
        exact.Dividing = DividingChoice.Off;
        List<MemberModel> opened = [];
        try
        {
            // Each session of several threads has one caller at a time.
            for (int i = 0; i < (cell.Threads == 1 ? 1 : cell.Count); i++)
                opened.Add(new MemberModel(member, exact));
            return [.. opened];
        }
        catch
        {
            foreach (MemberModel model in opened)
                model.Dispose();
            throw;
        }
    }
}
