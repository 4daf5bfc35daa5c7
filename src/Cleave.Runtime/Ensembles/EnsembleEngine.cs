using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Core.Diagnostics;
using Cleave.Core.Ensembles;
using Cleave.Cores;
using Cleave.Elements;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Ledger;
using Cleave.Logging;
using Cleave.Modes;
using Cleave.Recording;
using Cleave.Sessions;
using Cleave.Tuning;
using Cleave.Workers;
using Microsoft.Extensions.Logging;

namespace Cleave.Ensembles;

/// <summary>What an ensemble's runner is made of, whatever its inputs and outputs: the opened members, buffers and threads. Thread-safe.</summary>
internal sealed class EnsembleEngine : IRequestSource
{
    /// <summary>
    /// For how long a thread may spin, as lanes do: while another thread runs the last small member, or until the next request comes. A worker that waited longer than that blocks at
    /// once the next time.
    /// </summary>
    public static readonly long SpinLimit = LaneWait.SpinLimit;

    private readonly ILogger _logger;
    private readonly int _cores;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _reloads;

    /// <exception cref="CleaveException">A member cannot be opened; those opened before are closed.</exception>
    public EnsembleEngine(EnsembleDefinition definition, EnsembleOptions options)
    {
        if (definition.Contract != ModelDefinition.ContractServed)
        {
            throw new CleaveException(Rules.ContractNotServed, null, definition.Name,
                definition.Contract.ToString(CultureInfo.InvariantCulture), ModelDefinition.ContractServed.ToString(CultureInfo.InvariantCulture));
        }
        definition = definition.Named(options.Name);
        long start = Stopwatch.GetTimestamp();
        _logger = QuietLogger.Of(options.Logger);
        Definition = definition;
        Shapes = new ShapeTable(definition.Name, definition.Inputs, []);
        Ledger = options.Ledger ?? CoreLedger.Process;
        Calls = CallMeter.Of(Ledger, Name);
        Waiting = new WaitingRequests(Calls);
        Ledger.Cores.Read();
        CoreBudget budget = Ledger.Cores.Budget.WithOption(options.Cores);
        _cores = budget.Cores;
        // Where there are as many members as cores, each runs on one thread, and as many at once as there are cores: no core waits for another.
        MemberCores = Math.Max(1, _cores / definition.Members.Length);
        RunnerOptions[] opened = new RunnerOptions[definition.Members.Length];
        Members = Open(definition, options, opened);
        if (opened.Select(static o => InputRecorder.AskedFor(o.Record)).FirstOrDefault(static r => r != null) is { } recording)
            Log.NotRecorded(_logger, definition.Name, recording.Folder, "ensembles and their members are not recorded; record with a runner of a member's model");
        Homes = new int[Members.Length];
        Times = new RunnerTimes(HelpChoice.Ways, planned: 0, Elements);
        Serving = Serve(options, opened);
        Gate = new RunGate(definition.Name);
        Workers = new WorkerPool(new WorkerSettings(number => string.Create(CultureInfo.InvariantCulture, $"Cleave {definition.Name} worker {number}"), _cores, _logger) { SpinLimit = SpinLimit });
        Closing = new DisposalWait(Name, Gate, Members.Length.ToString(CultureInfo.InvariantCulture) + " members", Workers, _logger);
        Pool = new CallPool<EnsembleCall>(dims => new EnsembleCall(this, dims, Shapes.NewInputs(dims)), call => call.Reloads != Reloads);
        Log.EnsembleOpened(_logger, definition.Name, Members.Length, _cores, budget.Reason, MemberCores, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    // No thread of the serving holds this: where it is forgotten, they end all the same.
    ~EnsembleEngine() => Serving?.Forget();

    public string Name => Definition.Name;

    public EnsembleDefinition Definition { get; }

    public ShapeTable Shapes { get; }

    /// <summary>Who uses which cores.</summary>
    public CoreLedger Ledger { get; }

    /// <summary>Times calls, for those who listen.</summary>
    public CallMeter Calls { get; }

    public MemberModel[] Members { get; }

    /// <summary>By member, the thread that ran it last.</summary>
    public int[] Homes { get; }

    /// <summary>What requests took that were helped by other threads, and that were not.</summary>
    public RunnerTimes Times { get; }

    /// <summary>What the members took lately, one after the other.</summary>
    public double MemberSeconds
    {
        get
        {
            double seconds = 0;
            foreach (MemberModel member in Members)
                seconds += member.Seconds;
            return seconds;
        }
    }

    /// <summary>The cores that a member gets.</summary>
    public int MemberCores { get; }

    /// <summary>The inference system, for requests of many samples; null where no request may be cut.</summary>
    public EnsembleServing? Serving { get; }

    public RunGate Gate { get; }

    public WorkerPool Workers { get; }

    /// <summary>The requests that wait for a worker.</summary>
    public WaitingRequests Waiting { get; }

    public CallPool<EnsembleCall> Pool { get; }

    /// <summary>How many reloads of members are over.</summary>
    public int Reloads => Volatile.Read(ref _reloads);

    /// <summary>How its disposal waits.</summary>
    public DisposalWait Closing { get; }

    /// <summary>How many threads may help a request: none where requests themselves take all cores.</summary>
    public int Helpers => Math.Min(Members.Length - 1, _cores - Gate.Inside);

    public RequestBuffers Rent(int[] dims) => Pool.Rent(dims);

    public RequestBuffers? TryRent(int[] dims) => Pool.TryRent(dims);

    public RequestBuffers New(int[] dims, InputSlot[] inputs)
    {
        EnsembleCall made = new(this, dims, inputs);
        Pool.Join();
        return made;
    }

    /// <summary>How the members do.</summary>
    public EnsembleSnapshot Snapshot() =>
        new(Name, Waiting.Count, Serving?.Members is { } members ? [.. members] : Array.ConvertAll(Members, static m => new MemberSnapshot(m.Name, m.Counts, [], waiting: 0)));

    // A measure of a request's size.
    private double Elements(int[] dims)
    {
        double elements = 1;
        for (int i = 0; i < Definition.Inputs.Length; i++)
            elements += Shapes.InputLength(i, dims);
        return elements;
    }

    private int Place(string name) => Array.FindIndex(Members, m => m.Name == name) is >= 0 and var place
        ? place
        : throw new ArgumentException("The ensemble '" + Name + "' has no member '" + name + "': it has " + string.Join(", ", Array.ConvertAll(Members, m => "'" + m.Name + "'")) + ".", nameof(name));

    public void Dispose()
    {
        if (Gate.Close())
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                // Each wait blocks this thread, so that nothing needs the thread pool, all of whose threads may wait for this.
                CloseAsync(task => WaitHere(task, start), DisposeInTurn).GetAwaiter().GetResult();
            }
            catch (ThreadInterruptedException)
            {
                // Somebody wants this thread elsewhere; others that dispose wait for the end all the same.
                _ = CloseAsync(start);
                throw;
            }
        }
        // Another thread disposes, and says what it waits for.
        while (!_closed.Task.Wait(Closing.Step))
        {
        }
        GC.SuppressFinalize(this);
    }

    public async ValueTask DisposeAsync()
    {
        if (Gate.Close())
            await CloseAsync(Stopwatch.GetTimestamp()).ConfigureAwait(false);
        await _closed.Task.ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    private Task CloseAsync(long start) => CloseAsync(task => Closing.WaitAsync(task, start), DisposeAtOnce);

    // May begin anew where it was interrupted.
    private async Task CloseAsync(Func<Task, ValueTask> wait, Func<IEnumerable<MemberModel>, ValueTask> dispose)
    {
        try
        {
            await wait(Gate.Drained).ConfigureAwait(false);
            Workers.Stop();
            await wait(Workers.Ended).ConfigureAwait(false);
            if (Serving is not null)
                await Serving.StopAsync(wait).ConfigureAwait(false);
            Pool.Close();
            // Before the devices: models wait for a reload under way, which opens instances there.
            await dispose(Members.Concat(Serving?.Own ?? [])).ConfigureAwait(false);
            Serving?.Dispose();
        }
        catch (Exception e) when (e is not ThreadInterruptedException)
        {
            _closed.TrySetResult();
            throw;
        }
        _closed.TrySetResult();
    }

    private static ValueTask DisposeInTurn(IEnumerable<MemberModel> members)
    {
        foreach (MemberModel member in members)
            member.Dispose();
        return ValueTask.CompletedTask;
    }

    private static ValueTask DisposeAtOnce(IEnumerable<MemberModel> members) => new(Task.WhenAll(members.Select(static m => m.DisposeAsync().AsTask())));

    private ValueTask WaitHere(Task task, long start)
    {
        Closing.Wait(task, start);
        return ValueTask.CompletedTask;
    }

    /// <summary>Gives a member other weights, wherever it runs.</summary>
    /// <exception cref="ArgumentException">There is no such member.</exception>
    public Task ReloadAsync(string member, ModelSource model, CancellationToken token)
    {
        return ReloadAsync(Place(member), model, token);
    }

    // Forgotten meanwhile, it would have threads end that are just being replaced: it is used to the end.
    private async Task ReloadAsync(int place, ModelSource model, CancellationToken token)
    {
        RunnerEngine before = Members[place].Current.Now;
        try
        {
            await (Serving is null ? Members[place].Current.ReloadAsync(model, token) : Serving.ReloadAsync(place, Members[place], model, token)).ConfigureAwait(false);
        }
        finally
        {
            // Each would keep the engine that it ran in, and so the old weights' bytes: those that are idle, and those that come back. Where it was refused, all of them are as good as before.
            if (Members[place].Current.Now != before)
            {
                Interlocked.Increment(ref _reloads);
                Pool.FreeIdle();
            }
        }
    }

    private EnsembleServing? Serve(EnsembleOptions options, RunnerOptions[] opened)
    {
        EnsembleDevices? devices = null;
        try
        {
            EnsembleTuningSection? tuned = options.Segments ? EnsembleTuningStore.Load(Definition, _cores, _logger) : null;
            devices = EnsembleDevices.Open(Definition, options, Members, _cores, tuned, _logger);
            ServingCells cells = ServingCells.Of(Definition.Members, options, EnsembleTuningStore.Cells(tuned, _cores), _cores, devices);
            if (devices is { IsEmpty: true })
            {
                // Requests are served as without them, in the cells that were said or measured.
                devices.Dispose();
                devices = null;
            }
            if (EnsembleServing.WhyNot(Definition, options) is { Length: > 0 } why)
            {
                Log.EnsembleWhole(_logger, Name, why);
                return null;
            }
            EnsembleServing serving = new(Definition, options, [.. Members.Zip(opened)], cells.Cells, _cores, devices, _logger);
            Log.EnsembleServes(_logger, Name, serving.MostUncut, cells.Words(Definition.Members), cells.Why);
            return serving;
        }
        catch
        {
            devices?.Dispose();
            foreach (MemberModel member in Members)
                member.Dispose();
            throw;
        }
    }

    private MemberModel[] Open(EnsembleDefinition definition, EnsembleOptions options, RunnerOptions[] used)
    {
        int at = 0;
        return AllOrNone.Open(definition.Members, member =>
        {
            RunnerOptions own = new() { Cores = MemberCores, Logger = options.Logger, Ledger = options.Ledger };
            options.ConfigureMember?.Invoke(member.Name, own);
            used[at++] = own;
            return new MemberModel(member, own);
        });
    }
}
