using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Batching;
using Cleave.Core.Batching;
using Cleave.Elements;
using Cleave.Engines;
using Cleave.Ensembles.Serving;
using Cleave.Generated;
using Cleave.Logging;
using Cleave.Sessions;
using Microsoft.Extensions.Logging;

namespace Cleave.Ensembles;

/// <summary>
/// Starts the inference system (<see cref="EnsembleSystem"/>) behind a generated runner, says which requests it serves, and gives its members other weights. It serves those of many
/// samples on the processor, as the matrix says, and all where members are on accelerators. On the processor alone the first such request starts it. Thread-safe.
/// </summary>
internal sealed class EnsembleServing : IDisposable
{
    // An accelerator takes several batches of one.
    private const int DeviceSegment = 128;

    private readonly CpuMember[] _members;
    private readonly EnsembleDevices? _devices;
    private readonly Func<EnsembleSystem> _start;
    private readonly object _starting = new();
    private EnsembleSystem? _system;
    private readonly CoreTurns _turns;
    private readonly string _name;
    private readonly int _largestBatch;
    private readonly ILogger _logger;
    // Whether an instance of any member could be opened on a device.
    private volatile bool _isOnDevice;

    /// <param name="definition">The ensemble.</param>
    /// <param name="options">How it works.</param>
    /// <param name="own">The opened members, and how they were opened.</param>
    /// <param name="cells">What each member is to have.</param>
    /// <param name="cores">The cores for all of them together.</param>
    /// <param name="devices">The accelerators, and what is there; null: none. Disposed with this.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="CleaveException">ONNX Runtime refuses another session, or a member cannot be opened on a device that is required.</exception>
    public EnsembleServing(
        EnsembleDefinition definition, EnsembleOptions options, IReadOnlyList<(MemberModel Model, RunnerOptions Options)> own, InstanceGroup[] cells, int cores, EnsembleDevices? devices,
        ILogger logger)
    {
        _name = definition.Name;
        _logger = logger;
        _devices = devices;
        _largestBatch = cells.Max(static c => c.Batch);
        SegmentSize = Math.Max(_largestBatch, devices is null ? 0 : Math.Max(DeviceSegment, devices.LargestBatch));
        bool fallsBack = devices?.Policy == DevicePolicy.Prefer;
        SystemOptions system = new()
        {
            SegmentSize = SegmentSize,
            MostSegments = options.MostSegments,
            WhenFull = options.WhenFull,
            Retries = options.Retries,
            // What was under way on a device that is lost, or has no room, runs again there, elsewhere, and in the end on the processor.
            DeviceRetries = fallsBack ? InstanceWorker.MostWithoutRoom * devices!.Count : 0,
            Fallback = fallsBack ? Fallback : null,
            Timeline = options.Stages,
            Counts = name => own.First(o => o.Model.Name == name).Model.Counts,
            Logger = logger,
        };
        _turns = new CoreTurns(cores);
        _members = AllOrNone.Open(Enumerable.Range(0, cells.Length), m => new CpuMember(definition.Members[m], m, own[m].Model, own[m].Options, cells[m]));
        _start = () => new EnsembleSystem(definition.Name, Instances(), system);
        if (devices is not null)
            Start();
    }

    /// <summary>Samples of a segment.</summary>
    public int SegmentSize { get; }

    /// <summary>The most samples of a request that is not cut: members on devices get all by segments.</summary>
    public int MostUncut => _isOnDevice ? 0 : _largestBatch;

    /// <summary>What is known of the members; null where no request was cut so far.</summary>
    public IReadOnlyList<MemberSnapshot>? Members => Volatile.Read(ref _system)?.Members;

    // Started by the first request that needs it; where that fails, the next one tries again.
    private EnsembleSystem Started
    {
        get
        {
            if (Volatile.Read(ref _system) is { } present)
                return present;
            lock (_starting)
                return _system ??= _start();
        }
    }

    /// <summary>Why requests to an ensemble are never cut; "" where they are.</summary>
    public static string WhyNot(EnsembleDefinition definition, EnsembleOptions options)
    {
        if (!options.Segments)
            return "Segments is off";
        if (definition.Inputs.Length == 0)
            return "it has no input";
        foreach (EnsembleMember member in definition.Members)
        {
            if (BatchSizes.WhyNoRows(member.Model, "'" + member.Name + "'") is { Length: > 0 } why)
                return why;
        }
        return "";
    }

    /// <summary>Whether a request with these inputs is cut, be it into one segment.</summary>
    public bool Cuts(InputSlot[] inputs)
    {
        int samples = inputs[0].Shape is [var first, ..] ? first : 0;
        return samples > MostUncut && Array.TrueForAll(inputs, i => i.Shape is [var size, ..] && size == samples);
    }

    public void Run(SegmentedCall call, CancellationToken token) => Started.Run(new CutRequest(call, _members), token);

    /// <summary>
    /// Gives a member other weights, wherever it runs: all of it is opened beside what there is, and changes at once. A request that was let in before is answered by the old ones, and
    /// these are freed when it is over.
    /// </summary>
    /// <param name="place">The member.</param>
    /// <param name="own">The model that requests run which are not cut.</param>
    /// <param name="model">The new weights.</param>
    /// <param name="token">Gives up while they are being opened.</param>
    /// <exception cref="CleaveException">They cannot be opened: then nothing has changed.</exception>
    public async Task ReloadAsync(int place, MemberModel own, ModelSource model, CancellationToken token)
    {
        CpuMember member = _members[place];
        List<EngineReload> reloads = [];
        Task replaced = Task.CompletedTask;
        try
        {
            // First the one that may refuse it.
            foreach (MemberModel one in member.Own.Prepend(own))
                reloads.Add(await one.Current.OpenBesideAsync(model, token).ConfigureAwait(false));
            IReadOnlyList<IMemberInstance> there = _devices?.Has(place) == true ? Instances(place, reloads[0].Next) : [];
            lock (member.Weights)
            {
                if (there.Count > 0)
                    replaced = Started.ReplaceAsync(member.Name, there);
                // Where its instances there could not be started, all stays as it was; the task says why.
                foreach (EngineReload reload in replaced.IsFaulted ? [] : reloads)
                    reload.Commit();
            }
            EngineReload.Say(reloads);
        }
        finally
        {
            await Task.WhenAll(reloads.Select(static r => r.EndAsync()).Append(replaced)).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the threads. Nothing runs any more.</summary>
    /// <param name="wait">Waits for one task; where it blocks until then, so does this.</param>
    public Task StopAsync(Func<Task, ValueTask> wait) => Volatile.Read(ref _system)?.StopAsync(wait) ?? Task.CompletedTask;

    /// <summary>Has the threads end, where the ensemble was forgotten: they hold the members' sessions.</summary>
    public void Forget() => Volatile.Read(ref _system)?.Forget();

    /// <summary>The models that are not the ensemble's, which are disposed before this.</summary>
    public IEnumerable<MemberModel> Own => _members.SelectMany(static m => m.Own);

    public void Dispose() => _devices?.Dispose();

    // Members are opened on their devices now, not at the first request.
    private void Start()
    {
        try
        {
            _ = Started;
        }
        catch
        {
            foreach (CpuMember member in _members)
                member.Dispose();
            throw;
        }
    }

    private (string, IReadOnlyList<IMemberInstance>)[] Instances() => AllOrNone.Open(Enumerable.Range(0, _members.Length), m => (_members[m].Name, Instances(m)), static opened =>
    {
        foreach (IMemberInstance instance in opened.Item2)
            instance.Dispose();
    });

    private IReadOnlyList<IMemberInstance> Instances(int member, RunnerEngine? weights = null)
    {
        IReadOnlyList<IMemberInstance> there = _devices?.Instances(member, weights) ?? [];
        _isOnDevice |= there.Count > 0;
        return there.Count > 0 && !_devices!.AlsoOnCpu(member) ? there : [.. there, .. _members[member].Instances(_turns)];
    }

    private IReadOnlyList<IMemberInstance> Fallback(string member, Exception why)
    {
        Log.MemberLeavesDevice(_logger, member, _name, why.Message, why);
        return Array.Find(_members, m => m.Name == member)!.Instances(_turns);
    }
}
