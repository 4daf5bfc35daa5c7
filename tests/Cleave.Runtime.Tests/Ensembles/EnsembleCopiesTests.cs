using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Core.Graph;
using Cleave.Devices;
using Cleave.Emulator;
using Cleave.Ensembles.Serving;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Cleave.Tuning;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>Members of a generated ensemble on several devices at once: as the application says, as tuned, or on what is left empty. On emulated devices.</summary>
public sealed class EnsembleCopiesTests : IDisposable
{
    private const int Width = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly ModelDefinition Described = Definitions.Batched(Times(1));

    private readonly ConcurrentDictionary<string, EmulatedDevice> _devices = [];
    private readonly ConcurrentQueue<StageSpan> _stages = [];
    private readonly ListLogger _log = new();
    // A place below the tests' folder that no other test has.
    private readonly string _place = "copies-" + Guid.NewGuid().ToString("N") + "/Vision.ensemble";

    public void Dispose()
    {
        foreach (EmulatedDevice device in _devices.Values)
            device.Dispose();
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    private string Folder => Path.Combine(AppContext.BaseDirectory, Path.GetDirectoryName(_place)!);

    private static ModelProto Times(float factor) => Model(
        [Tensor("x", ElementType.Float, "batch", Width)], [Tensor("y", ElementType.Float, "batch", Width)], [Node("Mul", ["x", "factor"], ["y"])], [Floats("factor", [], factor)]);

    // Each run takes so long that every copy gets to take some.
    private EnsembleOptions Options(DevicePolicy policy = DevicePolicy.Require, long memory = long.MaxValue, double milliseconds = 1) => new()
    {
        Ledger = Ledgers.Own(2),
        Logger = _log,
        Stages = _stages.Enqueue,
        Devices = new DeviceOptions
        {
            Policy = policy,
            Opener = asked => _devices["cuda:" + asked.Index] = new EmulatedDevice(new EmulatorProfile { MemoryLimit = memory, RunTime = (_, _) => milliseconds * 1e6 }, "cuda:" + asked.Index),
        },
    };

    private LooseEnsemble Open(int members, string[] devices, EnsembleOptions options, ModelDefinition? described = null)
    {
        ModelDefinition model = described ?? Described;
        EnsembleDefinition definition = new(
            1, "Vision", model.Inputs, [.. Enumerable.Range(0, members).Select(m => new EnsembleMember("m" + m, model, [0]))],
            [new EnsembleOutput(model.Outputs[0], CombinationRule.Mean, new int[members])])
        {
            Devices = devices,
            Path = _place,
        };
        return new LooseEnsemble(definition, LooseEnsemble.With([.. Enumerable.Range(0, members).Select(static m => Times(m + 1))], options), null);
    }

    // The mean of x, 2x, 3x and so on.
    private static void Check(LooseEnsemble ensemble, int members, int samples, float factor = 0)
    {
        float[] rows = [.. Enumerable.Range(0, samples * Width).Select(static i => (float)i)];
        using LooseOutput output = ensemble.Run((ref InputBinder b) =>
        {
            b.Dim(samples);
            b.Copy<float>(0, rows);
        });
        Assert.Equal(rows.Select(x => factor == 0 ? (float)(x * (members + 1) / 2.0) : x * factor), output.Get<float>(0).ToArray());
    }

    // Which instance takes what is a race: so often until each has had its largest batch.
    private void CheckUntil(LooseEnsemble ensemble, int members, string member, params (string Instance, int Batch)[] batches)
    {
        const int Most = 300;
        Dictionary<string, int> expected = batches.ToDictionary(static b => b.Instance, static b => b.Batch);
        for (int i = 0; i < Most && !expected.OrderBy(static b => b.Key).SequenceEqual(Batches(member).OrderBy(static b => b.Key)); i++)
            Check(ensemble, members, 1000);
        Assert.Equal(expected, Batches(member));
    }

    private static Dictionary<string, EnsembleCell> On(params (string Device, EnsembleCell Cell)[] cells) => cells.ToDictionary(static c => c.Device, static c => c.Cell);

    private static Dictionary<string, IReadOnlyDictionary<string, EnsembleCell>> Cells(params (string Member, Dictionary<string, EnsembleCell> On)[] members) =>
        members.ToDictionary(static m => m.Member, static m => (IReadOnlyDictionary<string, EnsembleCell>)m.On);

    // By instance, the most samples that it ran at once.
    private Dictionary<string, int> Batches(string member) => _stages.Where(s => s.Member == member).GroupBy(static s => s.Instance).ToDictionary(static g => g.Key, static g => g.Max(static s => s.Count));

    private static int Runs(EmulatedDevice device) => device.Operations.Count(static o => o.Engine == DeviceEngine.Compute);

    [Fact]
    public void Devices_that_would_be_empty_get_copies()
    {
        using LooseEnsemble ensemble = Open(1, ["cuda:0", "cuda:1", "cuda:2"], Options());
        CheckUntil(ensemble, 1, "m0", ("cuda:0", 8), ("cuda:1", 8), ("cuda:2", 8));
        Assert.All(_devices.Values, d => Assert.True(Runs(d) > 0));
        Assert.Contains(_log.Lines, l => l.Contains("m0 on cuda:0 (8 samples at once) and cuda:1 (8 samples at once) and cuda:2 (8 samples at once) (not tuned)", StringComparison.Ordinal));
    }

    [Fact]
    public void The_application_says_who_is_where_and_what_it_leaves_out_finds_room()
    {
        EnsembleOptions options = Options(DevicePolicy.Prefer);
        options.DeviceCells = Cells(("m0", On(("cuda:0", new(1, 1, 16)), ("cuda:1", new(1, 1, 4)))), ("m1", On(("cpu", new(2, 1, 5)))));
        using LooseEnsemble ensemble = Open(3, ["cuda:0", "cuda:1"], options);
        foreach (int samples in new[] { 1, 16, 300 })
            Check(ensemble, 3, samples);
        CheckUntil(ensemble, 3, "m0", ("cuda:0", 16), ("cuda:1", 4));
        Assert.Equal([5], Batches("m1").Values.Distinct());
        Assert.Contains(_log.Lines, l => l.Contains("m0 on cuda:0 (16 samples at once) and cuda:1 (4 samples at once), m1 on cpu (2x<1,5>), m2 on cuda:", StringComparison.Ordinal));
        Assert.Contains(_log.Lines, l => l.EndsWith("(as the application says)", StringComparison.Ordinal));
    }

    [Fact]
    public void A_member_may_be_on_a_device_and_on_the_processor()
    {
        EnsembleOptions options = Options();
        options.DeviceCells = Cells(("m0", On(("cuda:0", new(1, 1, 8)), ("cpu", new(1, 1, 3)))));
        using LooseEnsemble ensemble = Open(1, ["cuda:0", "cpu"], options);
        CheckUntil(ensemble, 1, "m0", ("cuda:0", 8), ("cpu", 3));
    }

    [Fact]
    public void A_device_that_is_lost_leaves_its_work_to_the_copy_and_the_processor_is_not_asked()
    {
        using LooseEnsemble ensemble = Open(1, ["cuda:0", "cuda:1"], Options(DevicePolicy.Prefer));
        _devices["cuda:1"].Faults.Inject(FaultKind.LostAtRun);
        for (int i = 0; i < 100 && !_devices["cuda:1"].IsLost; i++)
            Check(ensemble, 1, 500);
        Assert.True(_devices["cuda:1"].IsLost);
        Assert.DoesNotContain(_log.Lines, l => l.Contains("on the CPU from now on", StringComparison.Ordinal));
        int before = Runs(_devices["cuda:0"]);
        Check(ensemble, 1, 100);
        Assert.True(Runs(_devices["cuda:0"]) > before);
    }

    [Fact]
    public void A_copy_that_nobody_asked_for_may_find_no_room()
    {
        foreach (int without in new[] { 0, 1 })
        {
            EnsembleOptions options = Options();
            Func<DeviceOptions, IDevice> opener = options.Devices.Opener!;
            int lacking = 1;
            options.Devices = options.Devices with
            {
                Opener = asked =>
                {
                    EmulatedDevice device = (EmulatedDevice)opener(asked);
                    if (asked.Index == without || lacking == 2)
                        device.Faults.Inject(FaultKind.OutOfMemoryAtLoad);
                    return device;
                },
            };
            using (LooseEnsemble ensemble = Open(1, ["cuda:0", "cuda:1"], options))
                Check(ensemble, 1, 300);
            Assert.Equal([$"cuda:{1 - without}"], Batches("m0").Keys);
            Assert.Contains(_log.Lines, l => l.StartsWith($"Cleave does not run m0 of Vision on cuda:{without}: ", StringComparison.Ordinal));
            _stages.Clear();
            // Nowhere, and where it was asked for.
            lacking = 2;
            Assert.ThrowsAny<CleaveException>(() => Open(1, ["cuda:0", "cuda:1"], options));
            lacking = 1;
            options.DeviceCells = Cells(("m0", On(("cuda:0", new(1, 1, 8)), ("cuda:1", new(1, 1, 8)))));
            Assert.ThrowsAny<CleaveException>(() => Open(1, ["cuda:0", "cuda:1"], options));
        }
    }

    [Fact]
    public async Task All_copies_get_other_weights()
    {
        await using LooseEnsemble ensemble = Open(1, ["cuda:0", "cuda:1"], Options());
        Check(ensemble, 1, 500);
        await ensemble.ReloadMemberAsync("m0", ModelSource.Bytes(Times(7).ToByteArray())).WaitAsync(Patience);
        _stages.Clear();
        for (int i = 0; i < 100 && Batches("m0").Count < 2; i++)
            Check(ensemble, 1, 500, factor: 7);
        Assert.Equal(["cuda:0", "cuda:1"], Batches("m0").Keys.Order());
    }

    [Fact]
    public void A_device_that_is_not_there_leaves_its_cells_out()
    {
        EnsembleOptions options = Options(DevicePolicy.Prefer);
        Func<DeviceOptions, IDevice> opener = options.Devices.Opener!;
        options.Devices = options.Devices with { Opener = asked => asked.Index == 1 ? throw new DeviceUnavailableException("cuda:1", "there is none", "add one") : opener(asked) };
        options.DeviceCells = Cells(("m0", On(("cuda:0", new(1, 1, 16)), ("cuda:1", new(1, 1, 16)))), ("m1", On(("cuda:1", new(1, 1, 4)))));
        using LooseEnsemble ensemble = Open(2, ["cuda:0", "cuda:1"], options);
        Check(ensemble, 2, 300);
        Assert.Equal(new Dictionary<string, int> { ["cuda:0"] = 16 }, Batches("m0"));
        Assert.Equal(["cuda:0"], Batches("m1").Keys);
    }

    public static TheoryData<string, string, int, int, string> Wrong => new()
    {
        { "m9", "cuda:0", 1, 1, "DeviceCells names 'm9', which is no member: there are 'm0', 'm1'." },
        { "m0", "cuda:5", 1, 1, "DeviceCells names the device 'cuda:5' for 'm0', which the item does not list: it lists cuda:0, cpu." },
        { "m0", "cuda:0", 2, 1, "DeviceCells has 2x<1,8> for 'm0' on 'cuda:0': an accelerator has one instance of one thread." },
        { "m0", "cuda:0", 1, 2, "DeviceCells has 1x<2,8> for 'm0' on 'cuda:0': an accelerator has one instance of one thread." },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Cells_that_make_no_sense_are_named(string member, string device, int instances, int threads, string message)
    {
        EnsembleOptions options = Options(DevicePolicy.Prefer);
        options.DeviceCells = Cells((member, On((device, new EnsembleCell(instances, threads, 8)))));
        Assert.StartsWith(message, Assert.Throws<ArgumentException>(() => Open(2, ["cuda:0"], options)).Message, StringComparison.Ordinal);
        options.DeviceCells = Cells(("m0", On()));
        Assert.StartsWith("DeviceCells has no device for 'm0': leave it out.", Assert.Throws<ArgumentException>(() => Open(2, ["cuda:0"], options)).Message, StringComparison.Ordinal);
        options.DeviceCells = Cells(("m0", On(("cpu", default))));
        Assert.StartsWith("DeviceCells has an empty cell for 'm0' on 'cpu': say how many instances, threads and samples.", Assert.Throws<ArgumentException>(() => Open(2, ["cuda:0"], options)).Message, StringComparison.Ordinal);
        Assert.Empty(_devices);
    }

    private void Tune(string[] names, InstanceGroup[] best, string? graph = null)
    {
        TunedMember[] members = [.. new[] { "m0", "m1" }.Select(n => new TunedMember(new MemberMemory(n, 1, 1), graph ?? Described.Hash, []))];
        TunedDevices devices = new(names, true, [.. members.Select(static m => new TunedDeviceMember(m.Memory, []))], [new([.. best.Select(static _ => new InstanceGroup(1, 1, 2))], 20), new(best, 10)]);
        Directory.CreateDirectory(Folder);
        File.WriteAllText(
            Path.Combine(AppContext.BaseDirectory, _place + ".tune"), EnsembleTuningFile.Empty.With(new EnsembleTuningSection(ThisMachine.Of(2), true, members, []) { Devices = [devices] }).Write());
    }

    [Fact]
    public void The_matrix_that_was_tuned_is_used_and_the_application_wins()
    {
        // m0 on both devices, m1 on the second and the processor.
        Tune(["cuda:0", "cuda:1", "cpu"], [new(1, 1, 16), default, new(1, 1, 4), new(1, 1, 32), default, new(2, 1, 6)]);
        using (LooseEnsemble ensemble = Open(2, ["cuda:0", "cuda:1", "cpu"], Options()))
        {
            CheckUntil(ensemble, 2, "m0", ("cuda:0", 16), ("cuda:1", 4));
            CheckUntil(ensemble, 2, "m1", ("cuda:1", 32), ("cpu", 6));
        }
        Assert.Contains(_log.Lines, l => l.EndsWith(
            "m0 on cuda:0 (16 samples at once) and cuda:1 (4 samples at once), m1 on cuda:1 (32 samples at once) and cpu (2x<1,6>) (as tuned)", StringComparison.Ordinal));
        _stages.Clear();
        EnsembleOptions options = Options();
        options.DeviceCells = Cells(("m0", On(("cuda:1", new(1, 1, 2)))));
        using (LooseEnsemble ensemble = Open(2, ["cuda:0", "cuda:1", "cpu"], options))
            Check(ensemble, 2, 100);
        Assert.Equal(new Dictionary<string, int> { ["cuda:1"] = 2 }, Batches("m0"));
    }

    [Fact]
    public void What_was_tuned_for_others_or_has_no_room_is_not_used()
    {
        InstanceGroup[] both = [new(1, 1, 16), new(1, 1, 16), new(1, 1, 16), new(1, 1, 16)];
        foreach ((string[] names, InstanceGroup[] best, string? graph, long memory, string why) in new (string[], InstanceGroup[], string?, long, string)[]
        {
            (["cuda:1", "cuda:0"], both, null, long.MaxValue, "(not tuned)"),
            (["cuda:0"], [new(1, 1, 16), new(1, 1, 16)], null, long.MaxValue, "(not tuned)"),
            (["cuda:0", "cuda:1"], both, "h2:other", long.MaxValue, "(not tuned)"),
            // Two batches of 16 with three under way do not fit into a kilobyte; one of 8 does.
            (["cuda:0", "cuda:1"], both, null, 1024, "(what was tuned has no room any more)"),
        })
        {
            Tune(names, best, graph);
            using LooseEnsemble ensemble = Open(2, ["cuda:0", "cuda:1"], Options(memory: memory));
            Check(ensemble, 2, 100);
            Assert.EndsWith("m0 on cuda:0 (8 samples at once), m1 on cuda:1 (8 samples at once) " + why, _log.Lines.Last(static l => l.StartsWith("Cleave allocates", StringComparison.Ordinal)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Stress_of_random_matrices_with_clients_reloads_and_lost_devices()
    {
        Random random = new(11);
        for (int round = 0; round < 6; round++)
        {
            _devices.Clear();
            EnsembleOptions options = Options(DevicePolicy.Prefer, milliseconds: 0.05);
            options.DeviceCells = Enumerable.Range(0, 3).ToDictionary(static m => "m" + m, m => (IReadOnlyDictionary<string, EnsembleCell>)RandomCells(random));
            LooseEnsemble ensemble = Open(3, ["cuda:0", "cuda:1", "cuda:2", "cpu"], options);
            Task[] clients = [.. Enumerable.Range(0, 3).Select(seed => OwnThread.Run(() =>
            {
                Random own = new(seed);
                for (int i = 0; i < 20; i++)
                {
                    Check(ensemble, 3, own.Next(1, 500));
                    if (seed == 0 && i == 5)
                        _devices["cuda:0"].Faults.Inject(FaultKind.LostAtRun);
                    if (seed == 0 && i == 10)
                        _devices["cuda:1"].Faults.Inject(FaultKind.OutOfMemoryAtRun);
                }
            }))];
            for (int i = 0; i < 3; i++)
                await ensemble.ReloadMemberAsync("m" + i, ModelSource.Bytes(Times(i + 1).ToByteArray())).WaitAsync(Patience);
            await Task.WhenAll(clients).WaitAsync(Patience);
            await ensemble.DisposeAsync().AsTask().WaitAsync(Patience);
        }
    }

    private static Dictionary<string, EnsembleCell> RandomCells(Random random)
    {
        Dictionary<string, EnsembleCell> cells = [];
        for (int d = 0; d < 3; d++)
        {
            if (random.Next(2) == 0)
                cells["cuda:" + d] = new(1, 1, random.Next(1, 200));
        }
        if (cells.Count == 0 || random.Next(2) == 0)
            cells["cpu"] = new(random.Next(1, 3), random.Next(1, 3), random.Next(1, 40));
        return cells;
    }
}
