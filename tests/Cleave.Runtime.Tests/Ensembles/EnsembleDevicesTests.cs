using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Devices;
using Cleave.Devices.Cuda;
using Cleave.Emulator;
using Cleave.Ensembles.Serving;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Devices;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>Members of a generated ensemble on the accelerators that its item lists; emulated ones.</summary>
public sealed class EnsembleDevicesTests : IDisposable
{
    private const int Width = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<EmulatedDevice> _devices = [];
    private readonly ListLogger _log = new();

    private static ModelProto[] Three => [Scores(1, 2, 3), Scores(-2, 4, 1), Scores(5, -1, 2)];

    public void Dispose()
    {
        foreach (EmulatedDevice device in _devices)
            device.Dispose();
    }

    private static ModelProto Scores(params float[] factors) => Model(
        [Tensor("x", ElementType.Float, "batch", Width)], [Tensor("y", ElementType.Float, "batch", Width)], [Node("Mul", ["x", "factors"], ["y"])], [Floats("factors", [Width], factors)]);

    private static float[] Rows(int samples) => [.. Enumerable.Range(0, samples * Width).Select(static i => MathF.Sin(i))];

    private static float[] Ask(LooseEnsemble ensemble, int samples)
    {
        float[] rows = Rows(samples);
        using LooseOutput output = ensemble.Run((ref InputBinder b) =>
        {
            b.Dim(samples);
            b.Copy<float>(0, rows);
        });
        return output.Get<float>(0).Span.ToArray();
    }

    private static float[] Mean(int samples, params float[] factors) => [.. Rows(samples).Select((x, i) => (float)(factors.Chunk(Width).Sum(m => (double)(x * m[i % Width])) / (factors.Length / Width)))];

    private static float[] OfThree(int samples) => Mean(samples, 1, 2, 3, -2, 4, 1, 5, -1, 2);

    private EnsembleOptions Options(DevicePolicy policy, long memory = long.MaxValue, bool readsOnHost = false) => new()
    {
        Ledger = Ledgers.Own(2),
        Logger = _log,
        Devices = new DeviceOptions
        {
            Policy = policy,
            Opener = asked =>
            {
                _devices.Add(new EmulatedDevice(new EmulatorProfile { MemoryLimit = memory, ReadsOnHost = (_, _) => readsOnHost }, "emulated:" + asked.Index));
                return _devices[^1];
            },
        },
    };

    private static int Runs(EmulatedDevice device) => device.Operations.Count(static o => o.Engine == DeviceEngine.Compute);

    [Theory]
    [InlineData(DevicePolicy.Prefer)]
    [InlineData(DevicePolicy.Require)]
    [InlineData(DevicePolicy.Never)]
    public void A_forgotten_ensemble_is_garbage_and_so_are_its_members(DevicePolicy policy)
    {
        WeakReference[] forgotten = Forget();
        Assert.True(SpinWait.SpinUntil(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !forgotten.Any(static f => f.IsAlive) && _devices.All(static d => d.OpenStreams == 0);
        }, Patience), string.Join(", ", forgotten.Select(static f => f.Target?.GetType().Name)));

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference[] Forget()
        {
            LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0"], Three, CombinationRule.Mean, Options(policy));
            // Several: each instance has had one.
            for (int i = 0; i < 5; i++)
                Ask(ensemble, 500);
            // What the emulated device computed last, it holds; its instances have streams.
            return [new(ensemble), new(ensemble.Engine), .. policy == DevicePolicy.Never ? ensemble.Engine.Members.Select(static m => new WeakReference(m.Current.Now.Sessions)) : []];
        }
    }

    [Theory]
    [InlineData(DevicePolicy.Prefer)]
    [InlineData(DevicePolicy.Require)]
    public async Task Members_on_devices_give_what_they_give_on_the_processor(DevicePolicy policy)
    {
        await using (LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0", "cuda:3"], Three, CombinationRule.Mean, Options(policy)))
        {
            foreach (int samples in new[] { 1, 2, 8, 9, 127, 128, 129, 500, 0, 500 })
                Assert.Equal(OfThree(samples), Ask(ensemble, samples));
        }
        Assert.Equal(["emulated:0", "emulated:3"], _devices.Select(d => d.Name));
        Assert.All(_devices, d => Assert.True(Runs(d) > 0));
        Assert.All(_devices, d => Assert.Equal(0, d.MemoryUsed));
        Assert.Contains(_log.Lines, l => l.Contains("m0 on emulated:0 (8 samples at once), m1 on emulated:3 (8 samples at once), m2 on emulated:", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(CombinationRule.Max)]
    [InlineData(CombinationRule.Stack)]
    [InlineData(CombinationRule.Custom)]
    public void Every_rule_gets_what_devices_give(CombinationRule rule)
    {
        static void First(int output, MemberOutputs members) => members.Set(members.Tensor<float>(0));
        using LooseEnsemble there = LooseEnsemble.OnDevices(["cuda:0"], Three, rule, Options(DevicePolicy.Require), First);
        using LooseEnsemble here = LooseEnsemble.Batched(Three, rule, new EnsembleOptions { Ledger = Ledgers.Own(2) }, First);
        Assert.Equal(Ask(here, 300), Ask(there, 300));
        Assert.True(Runs(_devices[0]) > 0);
    }

    [Fact]
    public void An_output_whose_shape_only_the_run_says_is_copied_back_too()
    {
        ModelProto open = Model(
            [Tensor("x", ElementType.Float, "batch", Width)], [Tensor("y", ElementType.Float, "batch", "m")], [Node("Mul", ["x", "factors"], ["y"])], [Floats("factors", [Width], 1, 2, 3)]);
        using LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0"], [open, Scores(3, 2, 1)], CombinationRule.Mean, Options(DevicePolicy.Require));
        foreach (int samples in new[] { 3, 8, 40, 8 })
            Assert.Equal(Mean(samples, 1, 2, 3, 3, 2, 1), Ask(ensemble, samples));
    }

    [Fact]
    public void A_device_that_cannot_be_used_leaves_the_members_to_the_others_or_the_processor()
    {
        EnsembleOptions options = Options(DevicePolicy.Prefer);
        Func<DeviceOptions, IDevice> opener = options.Devices.Opener!;
        options.Devices = options.Devices with { Opener = asked => asked.Index == 1 ? throw new DeviceUnavailableException("cuda:1", "there is none", "add one") : opener(asked) };
        using (LooseEnsemble one = LooseEnsemble.OnDevices(["cuda:0", "cuda:1"], Three, CombinationRule.Mean, options))
            Assert.Equal(OfThree(200), Ask(one, 200));
        Assert.True(Runs(Assert.Single(_devices)) > 0);
        Assert.Contains(_log.Lines, l => l.Contains("without cuda:1", StringComparison.Ordinal) && l.Contains("there is none", StringComparison.Ordinal));
        using (LooseEnsemble none = LooseEnsemble.OnDevices(["cuda:1"], Three, CombinationRule.Mean, options))
            Assert.Equal(OfThree(200), Ask(none, 200));
        options.Devices = options.Devices with { Policy = DevicePolicy.Require };
        Assert.Equal("CLV4020", Assert.Throws<DeviceUnavailableException>(() => LooseEnsemble.OnDevices(["cuda:0", "cuda:1"], Three, CombinationRule.Mean, options)).Id);
    }

    [Fact]
    public void Samples_that_are_read_in_the_hosts_memory_are_not_copied()
    {
        using LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0"], Three, CombinationRule.Mean, Options(DevicePolicy.Require, readsOnHost: true));
        float[] found = Ask(ensemble, 20);
        Assert.All(OfThree(20).Zip(found), static p => Assert.Equal(p.First, p.Second, 5));
        Assert.DoesNotContain(_devices[0].Operations, static o => o.Engine == DeviceEngine.ToDevice);
    }

    [Fact]
    public void A_GPU_has_as_much_room_as_is_free_on_it()
    {
        FakeCuda cuda = FakeCuda.Begin();
        cuda.FreeBytes = 100;
        EnsembleOptions options = new() { Logger = _log, Devices = DeviceOptions.Require with { Opener = asked => CudaDevice.On(cuda.Load(), asked.Index, asked.MemoryLimit) } };
        CleaveException e = Assert.Throws<CleaveException>(() => LooseEnsemble.OnDevices(["cuda:0"], Three, CombinationRule.Mean, options));
        Assert.Equal("CLV4032", e.Id);
        Assert.Contains("cuda:0 lacks", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_that_is_too_large_for_every_device_is_named_with_what_is_missing()
    {
        ModelProto large = Model(
            [Tensor("x", ElementType.Float, "batch", Width)], [Tensor("y", ElementType.Float, "batch", Width)],
            [Node("MatMul", ["x", "wide"], ["h"]), Node("MatMul", ["h", "back"], ["y"])],
            [Floats("wide", [Width, 100_000], new float[300_000]), Floats("back", [100_000, Width], new float[300_000])]);
        ModelProto[] models = [Scores(1, 2, 3), large];
        const long memory = 100_000;
        CleaveException e = Assert.Throws<CleaveException>(() => LooseEnsemble.OnDevices(["cuda:0", "cuda:1"], models, CombinationRule.Mean, Options(DevicePolicy.Require, memory)));
        Assert.Equal("CLV4032", e.Id);
        Assert.Contains("'m1' is too large for every device: emulated:0 lacks 2.2 MB even when empty", e.Message, StringComparison.Ordinal);
        // The processor takes it where that is allowed.
        foreach ((DevicePolicy policy, string[] names) in new[] { (DevicePolicy.Prefer, new[] { "cuda:0" }), (DevicePolicy.Require, new[] { "cuda:0", "cpu" }) })
        {
            using LooseEnsemble ensemble = LooseEnsemble.OnDevices(names, models, CombinationRule.Mean, Options(policy, memory));
            Assert.Equal(Mean(40, 1, 2, 3, 0, 0, 0), Ask(ensemble, 40));
            Assert.True(Runs(_devices[^1]) > 0);
            Assert.Contains(_log.Lines, l => l.Contains("m0 on emulated:0 (8 samples at once), m1 on cpu", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(FaultKind.LostAtRun)]
    [InlineData(FaultKind.LostUnnoticed)]
    public async Task A_device_that_is_lost_leaves_its_member_to_the_processor_and_no_request_fails(object kind)
    {
        await using LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0", "cuda:1"], Three, CombinationRule.Mean, Options(DevicePolicy.Prefer));
        Assert.Equal(OfThree(100), Ask(ensemble, 100));
        _devices[1].Faults.Inject((FaultKind)kind);
        for (int i = 0; i < 3; i++)
            Assert.Equal(OfThree(300), Ask(ensemble, 300));
        Assert.True(_devices[1].IsLost);
        Assert.Contains(_log.Lines, l => l.Contains("Cleave runs m1 of Vision on the CPU from now on", StringComparison.Ordinal) && l.Contains("The device 'emulated:1' was lost", StringComparison.Ordinal));
        int before = Runs(_devices[0]);
        Assert.Equal(OfThree(100), Ask(ensemble, 100));
        Assert.True(Runs(_devices[0]) > before);
    }

    [Fact]
    public void A_device_that_is_lost_and_required_fails_requests_with_the_members_name()
    {
        using LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0", "cuda:1"], Three, CombinationRule.Mean, Options(DevicePolicy.Require));
        _devices[1].Faults.Inject(FaultKind.LostAtRun);
        for (int i = 0; i < 3; i++)
        {
            CleaveException e = Assert.Throws<CleaveException>(() => Ask(ensemble, 100));
            Assert.Equal("CLV4030", e.Id);
            Assert.Contains("its member 'm1' failed", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_device_without_room_is_tried_again_and_then_left()
    {
        using LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0"], [Scores(1, 2, 3)], CombinationRule.Mean, Options(DevicePolicy.Prefer));
        _devices[0].Faults.Inject(FaultKind.OutOfMemoryAtRun);
        Assert.Equal(Mean(8, 1, 2, 3), Ask(ensemble, 8));
        Assert.DoesNotContain(_log.Lines, l => l.Contains("from now on", StringComparison.Ordinal));
        int before = Runs(_devices[0]);
        Assert.Equal(Mean(8, 1, 2, 3), Ask(ensemble, 8));
        Assert.True(Runs(_devices[0]) > before);
        for (int i = 0; i < 3; i++)
            _devices[0].Faults.Inject(FaultKind.OutOfMemoryAtRun, i);
        Assert.Equal(Mean(8, 1, 2, 3), Ask(ensemble, 8));
        Assert.Contains(_log.Lines, l => l.Contains("Cleave runs m0 of Vision on the CPU from now on", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(long.MaxValue, FaultKind.OutOfMemoryAtLoad)]
    public void Where_no_member_finds_room_small_requests_run_whole(long memory, object? fault)
    {
        EnsembleOptions options = Options(DevicePolicy.Prefer, memory);
        Func<DeviceOptions, IDevice> opener = options.Devices.Opener!;
        options.Devices = options.Devices with
        {
            Opener = asked =>
            {
                EmulatedDevice device = (EmulatedDevice)opener(asked);
                for (int i = 0; i < 3 && fault is FaultKind kind; i++)
                    device.Faults.Inject(kind, i);
                return device;
            },
        };
        List<StageSpan> cut = [];
        options.Stages = cut.Add;
        using LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0"], Three, CombinationRule.Mean, options);
        Assert.Equal(OfThree(30), Ask(ensemble, 30));
        Assert.Empty(cut);
        Assert.Equal(0, _devices[0].OpenStreams);
        // As without devices, whose segments are smaller.
        Assert.Equal(32, ensemble.Engine.Serving!.MostUncut);
    }

    [Fact]
    public void Members_that_are_said_to_be_on_the_processor_alone_have_their_cells()
    {
        EnsembleOptions options = Options(DevicePolicy.Prefer);
        options.DeviceCells = Enumerable.Range(0, 3).ToDictionary(static m => "m" + m, static _ => (IReadOnlyDictionary<string, EnsembleCell>)new Dictionary<string, EnsembleCell> { ["cpu"] = new(1, 1, 5) });
        using LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0"], Three, CombinationRule.Mean, options);
        Assert.Equal(5, ensemble.Engine.Serving!.MostUncut);
        Assert.Equal(OfThree(30), Ask(ensemble, 30));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_segment_is_tried_as_often_as_configured(int retries)
    {
        EnsembleOptions options = Options(DevicePolicy.Require);
        options.Retries = retries;
        using LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0"], [Scores(1, 2, 3)], CombinationRule.Mean, options);
        _devices[0].Faults.Inject(FaultKind.OutOfMemoryAtRun);
        if (retries == 0)
            Assert.Equal("CLV4030", Assert.Throws<CleaveException>(() => Ask(ensemble, 8)).Id);
        Assert.Equal(Mean(8, 1, 2, 3), Ask(ensemble, 8));
    }

    [Fact]
    public void Without_a_batch_axis_no_device_is_used()
    {
        ModelProto[] fixedOnes = [Models.Times(1), Models.Times(3)];
        using (LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0"], fixedOnes, CombinationRule.Mean, Options(DevicePolicy.Prefer), isBatched: false))
        {
            using LooseOutput output = ensemble.Run((ref InputBinder b) => b.Copy<float>(0, new float[] { 1, 1, 1, 1 }));
            Assert.Equal([2, 2, 2, 2], output.Get<float>(0).ToArray());
        }
        Assert.Empty(_devices);
        Assert.Contains("no batch axis is proven for 'm0'",
            Assert.Throws<DeviceUnavailableException>(() => LooseEnsemble.OnDevices(["cuda:0"], fixedOnes, CombinationRule.Mean, Options(DevicePolicy.Require), isBatched: false)).Message, StringComparison.Ordinal);
        Assert.Contains("its item lists no accelerator",
            Assert.Throws<DeviceUnavailableException>(() => LooseEnsemble.OnDevices(["cpu"], Three, CombinationRule.Mean, Options(DevicePolicy.Require))).Message, StringComparison.Ordinal);
        using LooseEnsemble never = LooseEnsemble.OnDevices(["cuda:0"], Three, CombinationRule.Mean, Options(DevicePolicy.Never));
        Assert.Equal(OfThree(50), Ask(never, 50));
        Assert.Empty(_devices);
    }

    [Fact]
    public async Task One_member_gets_other_weights_on_its_device_while_the_others_go_on()
    {
        await using LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0"], [Scores(1, 1, 1), Scores(2, 2, 2)], CombinationRule.Max, Options(DevicePolicy.Require));
        using CancellationTokenSource over = new();
        Task client = OwnThread.Run(() =>
        {
            while (!over.IsCancellationRequested)
                Assert.Equal(150 * Width, Ask(ensemble, 150).Length);
        });
        for (int i = 3; i < 8; i++)
        {
            await ensemble.ReloadMemberAsync("m1", ModelSource.Bytes(Scores(i, i, i).ToByteArray())).WaitAsync(Patience);
            Assert.Equal(Rows(20).Select(x => MathF.Max(x, x * i)), Ask(ensemble, 20));
        }
        await over.CancelAsync();
        await client.WaitAsync(Patience);
    }

    [Fact]
    public async Task Stress_of_clients_while_devices_are_lost_and_weights_change()
    {
        LooseEnsemble ensemble = LooseEnsemble.OnDevices(["cuda:0", "cuda:1", "cuda:2"], Three, CombinationRule.Mean, Options(DevicePolicy.Prefer));
        Task[] clients = [.. Enumerable.Range(0, 4).Select(seed => OwnThread.Run(() =>
        {
            Random random = new(seed);
            for (int i = 0; i < 60; i++)
            {
                int samples = random.Next(1, 400);
                Assert.Equal(OfThree(samples), Ask(ensemble, samples));
                if (seed == 0 && i is 20 or 40)
                    _devices[i / 20].Faults.Inject(i == 20 ? FaultKind.LostAtRun : FaultKind.LostAtCopy);
            }
        }))];
        for (int i = 0; i < 5; i++)
            await ensemble.ReloadMemberAsync("m0", ModelSource.Bytes(Three[0].ToByteArray())).WaitAsync(Patience);
        await Task.WhenAll(clients).WaitAsync(Patience);
        await ensemble.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Contains(_devices, d => d.IsLost);
    }
}
