using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Emulator;
using Cleave.Ensembles.Serving;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>A request that is cut has of each member one set of weights, also where the member is reloaded meanwhile, wherever it runs.</summary>
public sealed class ReloadedSegmentsTests : IDisposable
{
    private const int Batch = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<EmulatedDevice> _devices = [];

    public void Dispose()
    {
        foreach (EmulatedDevice device in _devices)
            device.Dispose();
    }

    public static TheoryData<string, int, int> Cells => new()
    {
        { "cpu", 1, 1 },
        { "cpu", 2, 1 },
        { "cpu", 1, 2 },
        { "cpu", 2, 2 },
        { "cuda:0", 1, 1 },
        { "cuda:0 cpu", 2, 2 },
    };

    // y[batch, 1] = x * factor.
    private static ModelProto Times(float factor) => Model(
        [Tensor("x", ElementType.Float, "batch", 1)], [Tensor("y", ElementType.Float, "batch", 1)], [Node("Mul", ["x", "factor"], ["y"])], [Floats("factor", [], factor)]);

    // Max: of ones, the larger factor. That of m0 is 1.
    private LooseEnsemble Open(string devices, int instances, int threads, Action<StageSpan>? stages = null, ListLogger? logger = null)
    {
        EnsembleOptions options = new() { Ledger = Ledgers.Own(2), Stages = stages, Logger = logger };
        EnsembleCell cpu = new(instances, threads, Batch), gpu = new(1, 1, Batch);
        if (devices == "cpu")
        {
            options.Cells = new Dictionary<string, EnsembleCell> { ["m0"] = new(1, 1, Batch), ["m1"] = cpu };
            return LooseEnsemble.Batched([Times(1), Times(2)], CombinationRule.Max, options);
        }
        options.Devices = new DeviceOptions { Policy = DevicePolicy.Prefer, Opener = Device };
        Dictionary<string, EnsembleCell> second = new() { ["cuda:0"] = gpu };
        if (devices.EndsWith("cpu", StringComparison.Ordinal))
            second["cpu"] = cpu;
        options.DeviceCells = new Dictionary<string, IReadOnlyDictionary<string, EnsembleCell>> { ["m0"] = new Dictionary<string, EnsembleCell> { ["cuda:0"] = gpu }, ["m1"] = second };
        return LooseEnsemble.OnDevices(devices.Split(' '), [Times(1), Times(2)], CombinationRule.Max, options);
    }

    private EmulatedDevice Device(DeviceOptions asked)
    {
        EmulatedDevice device = new(new EmulatorProfile(), "emulated:" + asked.Index);
        lock (_devices)
            _devices.Add(device);
        return device;
    }

    private static Request Ones(int samples) => (ref InputBinder b) =>
    {
        b.Dim(samples);
        b.Copy<float>(0, Enumerable.Repeat(1f, samples).ToArray());
    };

    private static float[] Values(LooseOutput output)
    {
        using (output)
            return output.Get<float>(0).ToArray();
    }

    private static Task Reload(LooseEnsemble ensemble, float factor) => ensemble.ReloadMemberAsync("m1", ModelSource.Bytes(Times(factor).ToByteArray()));

    /// <summary>Forgotten, its threads end: none may while a member of it gets others.</summary>
    [Fact]
    public async Task An_ensemble_that_nobody_holds_is_there_until_its_reload_is_over()
    {
        using ManualResetEventSlim opening = new(), go = new();
        bool blocks = false;
        (WeakReference engine, Task reload) = Forgotten();
        Assert.True(opening.Wait(Patience));
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.True(engine.IsAlive);
        go.Set();
        await reload.WaitAsync(Patience);

        [MethodImpl(MethodImplOptions.NoInlining)]
        (WeakReference, Task) Forgotten()
        {
            EnsembleOptions options = new()
            {
                Ledger = Ledgers.Own(2),
                ConfigureMember = (_, member) => member.ConfigureSession = (_, _) =>
                {
                    if (Volatile.Read(ref blocks))
                    {
                        opening.Set();
                        Assert.True(go.Wait(Patience));
                    }
                },
            };
            LooseEnsemble ensemble = LooseEnsemble.Batched([Times(1), Times(2)], CombinationRule.Max, options);
            Volatile.Write(ref blocks, true);
            return (new WeakReference(ensemble.Engine), Reload(ensemble, 3));
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task A_request_that_was_let_in_before_is_answered_by_the_old_weights_and_one_after_by_the_new(string devices, int instances, int threads)
    {
        using ManualResetEventSlim began = new(), go = new();
        int blocked = 0;
        await using LooseEnsemble ensemble = Open(devices, instances, threads, span =>
        {
            // In the midst of the first request, once.
            if (span is not { Member: "m1", Stage: BatchStage.Load, At: Batch } || Interlocked.Exchange(ref blocked, 1) != 0)
                return;
            began.Set();
            Assert.True(go.Wait(Patience));
        });
        Task<LooseOutput> before = ensemble.RunAsync(Ones(40 * Batch));
        Assert.True(began.Wait(Patience));
        Task reload = Reload(ensemble, 3);
        // What is asked before the weights have changed may have to wait for the instance that is held up; what is asked then has not.
        List<Task<float[]>> asked = [];
        Assert.True(SpinWait.SpinUntil(() =>
        {
            asked.Add(OwnThread.Run(() => Values(ensemble.Run(Ones(1)))));
            return reload.IsFaulted || (asked[^1].Wait(TimeSpan.FromMilliseconds(200)) && asked[^1].Result is [3]);
        }, Patience));
        Task<LooseOutput> after = ensemble.RunAsync(Ones(40 * Batch));
        // The old weights are there while that request needs them.
        Assert.False(reload.IsCompleted);
        go.Set();
        Assert.All(Values(await before.WaitAsync(Patience)), static y => Assert.Equal(2, y));
        Assert.All(Values(await after.WaitAsync(Patience)), static y => Assert.Equal(3, y));
        await reload.WaitAsync(Patience);
        Assert.All(await Task.WhenAll(asked).WaitAsync(Patience), static y => Assert.InRange(Assert.Single(y), 2, 3));
        Assert.All(Values(ensemble.Run(Ones(40 * Batch))), static y => Assert.Equal(3, y));
    }

    /// <summary>A service that reloads from bytes would keep a model for each time.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(10 * Batch)]
    public async Task Engines_whose_place_was_taken_are_not_kept(int samples)
    {
        await using LooseEnsemble ensemble = Open("cpu", 2, 1);
        WeakReference[] old = [await Replace(3), await Replace(4)];
        // What closed the last one may be below on this stack; a thread that is about to end may hold one for a moment.
        await Task.Yield();
        Assert.True(SpinWait.SpinUntil(() => AreGone(old), Patience));
        Assert.All(Values(ensemble.Run(Ones(samples))), static y => Assert.Equal(4, y));

        async Task<WeakReference> Replace(float factor)
        {
            // One is idle meanwhile, and one comes back later.
            LooseOutput held = ensemble.Run(Ones(samples));
            Values(ensemble.Run(Ones(samples)));
            WeakReference before = Now(ensemble);
            await Reload(ensemble, factor);
            held.Dispose();
            return before;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Now(LooseEnsemble ensemble) => new(ensemble.Engine.Members[1].Current.Now);

    private static bool AreGone(params WeakReference[] engines)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return !Array.Exists(engines, static e => e.IsAlive);
    }

    [Fact]
    public async Task A_reload_is_said_once_for_all_sessions_of_the_member()
    {
        ListLogger logger = new();
        await using LooseEnsemble ensemble = Open("cpu", 2, 2, logger: logger);
        await Assert.ThrowsAsync<CleaveException>(() => ensemble.ReloadMemberAsync("m1", ModelSource.Bytes(Models.Toy().ToByteArray())).WaitAsync(Patience));
        Assert.DoesNotContain(logger.Lines, static l => l.Contains("from now on", StringComparison.Ordinal));
        await Reload(ensemble, 3).WaitAsync(Patience);
        Assert.Single(logger.Lines, static l => l.Contains("from now on", StringComparison.Ordinal));
    }

    /// <summary>Nobody else runs there afterwards, and so nobody would let go of it.</summary>
    [Theory]
    [InlineData(nameof(BatchStage.Load))]
    [InlineData(nameof(BatchStage.Predict))]
    public async Task An_engine_in_which_a_batch_failed_is_not_kept(string stage)
    {
        await using LooseEnsemble ensemble = Open("cpu", 1, 1, span =>
        {
            if (span.Member == "m1" && span.Stage.ToString() == stage)
                throw new InvalidOperationException("not now");
        });
        Assert.Contains("not now", Assert.ThrowsAny<CleaveException>(() => ensemble.Run(Ones(10 * Batch))).Message, StringComparison.Ordinal);
        WeakReference before = Now(ensemble);
        await Reload(ensemble, 3);
        await Task.Yield();
        Assert.True(SpinWait.SpinUntil(() => AreGone(before), Patience));
    }

    [Fact]
    public async Task A_reload_that_is_refused_frees_no_idle_requests()
    {
        await using LooseEnsemble ensemble = Open("cpu", 1, 1);
        Values(ensemble.Run(Ones(1)));
        Assert.Equal(1, ensemble.Engine.Pool.Idle);
        await Assert.ThrowsAsync<CleaveException>(() => ensemble.ReloadMemberAsync("m1", ModelSource.Bytes(Models.Toy().ToByteArray())).WaitAsync(Patience));
        Assert.Equal((1, 0), (ensemble.Engine.Pool.Idle, ensemble.Engine.Reloads));
        await Reload(ensemble, 3).WaitAsync(Patience);
        Assert.Equal((0, 1), (ensemble.Engine.Pool.Idle, ensemble.Engine.Reloads));
    }

    [Fact]
    public async Task A_reload_that_is_refused_changes_nothing_of_any_instance()
    {
        await using LooseEnsemble ensemble = Open("cpu", 2, 2);
        CleaveException e = await Assert.ThrowsAsync<CleaveException>(() => ensemble.ReloadMemberAsync("m1", ModelSource.Bytes(Models.Toy().ToByteArray())).WaitAsync(Patience));
        Assert.Equal("CLV4002", e.Id);
        Assert.All(Values(ensemble.Run(Ones(40 * Batch))), static y => Assert.Equal(2, y));
        await Reload(ensemble, 5).WaitAsync(Patience);
        Assert.All(Values(ensemble.Run(Ones(40 * Batch))), static y => Assert.Equal(5, y));
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Stress_of_reloads_under_load_mixes_no_weights_and_loses_no_request(string devices, int instances, int threads)
    {
        const int Clients = 4, Reloads = 12;
        LooseEnsemble ensemble = Open(devices, instances, threads);
        int most = 2, answered = 0;
        bool over = false;
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(seed => OwnThread.Run(() => Client(seed)).Unwrap())];
        for (int i = 1; i <= Reloads; i++)
        {
            int from = Volatile.Read(ref answered);
            // Before: a client may be answered by them before this thread goes on.
            Volatile.Write(ref most, 2 + i);
            await Reload(ensemble, 2 + i).WaitAsync(Patience);
            Assert.Equal(2 + i, Values(ensemble.Run(Ones(10 * Batch)))[0]);
            if (i == Reloads / 2 && devices != "cpu")
                _devices[0].Faults.Inject(FaultKind.LostAtRun);
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref answered) > from || Array.Exists(clients, static c => c.IsCompleted), Patience));
        }
        Volatile.Write(ref over, true);
        await Task.WhenAll(clients).WaitAsync(Patience);
        await ensemble.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.All(_devices, d => Assert.True(d.IsLost));

        async Task Client(int seed)
        {
            Random random = new(seed);
            while (!Volatile.Read(ref over))
            {
                int samples = random.Next(1, 60 * Batch);
                float[] given = Values(seed % 2 == 0 ? ensemble.Run(Ones(samples)) : await ensemble.RunAsync(Ones(samples)).WaitAsync(Patience));
                Assert.Equal(samples, given.Length);
                Assert.InRange(Assert.Single(given.Distinct()), 2, Volatile.Read(ref most));
                Interlocked.Increment(ref answered);
            }
        }
    }
}
