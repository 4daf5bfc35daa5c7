using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Emulator;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Devices;

/// <summary>What a runner does with a device: results, copies, threads, and what it says of it.</summary>
public sealed class DispatchTests
{
    private const double Millisecond = 1e6;

    [Fact]
    public void What_lies_between_segments_of_one_device_stays_there()
    {
        EmulatedDevice device = new(new EmulatorProfile());
        DeviceModel model = DeviceModel.Chain();
        using LooseRunner reference = model.Reference();
        using LooseRunner runner = model.Runner(device);
        for (int i = 0; i < 3; i++)
        {
            float[] x = Onnx.Random(DeviceModel.Width, i);
            Same(Run(reference, x), Run(runner, x));
            Assert.Equal(["x", "test/First", "test/Second", "y"], device.Operations.Skip(4 * i).Select(o => o.What));
        }
        Assert.Equal(2 * 1100 + (3 * DeviceModel.Width * sizeof(float)), device.MemoryUsed);
    }

    [Fact]
    public void One_side_goes_on_while_the_other_one_runs()
    {
        // Far longer than the CPU's segment, so that a busy machine makes no difference.
        EmulatedDevice device = new(new EmulatorProfile { RunTime = (_, _) => 500 * Millisecond });
        long leftEnded = 0;
        DeviceModel model = DeviceModel.Towers(afterLeft: () => leftEnded = Stopwatch.GetTimestamp());
        using LooseRunner reference = model.Reference();
        using LooseRunner runner = model.Runner(device);
        for (int i = 0; i < 3; i++)
        {
            float[] x = Onnx.Random(DeviceModel.Width, i);
            long start = Stopwatch.GetTimestamp();
            Same(Run(reference, x), Run(runner, x));
            DeviceOperation[] operations = [.. device.Operations.Skip(3 * i)];
            Assert.Equal(["x", "test/Right", "b"], operations.Select(o => o.What));
            // The segment on the CPU ended while the other one ran: neither waited for the other.
            Assert.InRange(leftEnded, start, operations[1].End);
        }
    }

    [Fact]
    public void A_value_is_copied_once_whoever_reads_it()
    {
        EmulatedDevice device = new(new EmulatorProfile());
        DeviceModel model = DeviceModel.ThereAndBack();
        using LooseRunner reference = model.Reference();
        using LooseRunner runner = model.Runner(device);
        // Lengths that change, and come back.
        foreach (int length in new[] { 8, 8, 3, 0, 8, 100 })
        {
            float[] x = Onnx.Random(length, length);
            int before = device.Operations.Count;
            using LooseOutput expected = reference.Run(Request(x, length)), found = runner.Run(Request(x, length));
            Same(expected.Get<float>(0).Span.ToArray(), found.Get<float>(0).Span.ToArray());
            Same(expected.Get<float>(1).Span.ToArray(), found.Get<float>(1).Span.ToArray());
            Assert.Equal(["b", "c", "test/Down", "test/Up", "x", "y"], device.Operations.Skip(before).Select(o => o.What).Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData(true, "made,shape,test/First,test/Second,x,y,z")]
    [InlineData(false, "made,test/First,test/Second,x,y,z")]
    public void What_is_read_in_the_hosts_memory_is_there_and_is_copied_only_where_it_has_to_be(bool bySome, string operations)
    {
        EmulatedDevice device = new(new EmulatorProfile { ReadsOnHost = (segment, value) => value == "made" || (value == "shape" && (!bySome || segment == "Second")) });
        using LooseRunner runner = DeviceModel.Reshapes().Runner(device);
        float[] x = Onnx.Random(6, 1);
        foreach (long[] shape in new long[][] { [2, 3], [2, 3], [6, 1], [1, 6] })
        {
            int before = device.Operations.Count;
            using LooseOutput found = runner.Run((ref InputBinder b) =>
            {
                b.Copy<float>(0, x);
                b.Copy<long>(1, shape);
            });
            for (int output = 0; output < 2; output++)
            {
                Assert.Equal(shape, found.Get<float>(output).Shape.ToArray().Select(static d => (long)d));
                Assert.Equal(x.Select(static v => MathF.Max(v, 0)), found.Get<float>(output).Span.ToArray());
            }
            Assert.Equal(operations, string.Join(",", device.Operations.Skip(before).Select(static o => o.What).Order(StringComparer.Ordinal)));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("n")]
    public void Results_of_unknown_or_wrongly_declared_shape(string? declared)
    {
        EmulatedDevice device = new(new EmulatorProfile());
        using LooseRunner runner = DeviceModel.NonZero(declared).Runner(device);
        foreach (float[] x in new float[][] { [1, 2, 3], [0, -5, 0], [4, 4, 4], [], [0], [-1, 0, 2, 0] })
        {
            using LooseOutput found = runner.Run(Request(x, x.Length));
            Assert.Equal(x.Where(v => v != 0).Select(MathF.Abs), found.Get<float>(0).Span.ToArray());
            Assert.Equal(Enumerable.Range(0, x.Length).Where(i => x[i] != 0).Select(i => (long)i), found.Get<long>(1).Span.ToArray());
        }
    }

    [Fact]
    public void A_shape_that_another_request_distrusts_during_a_launch_frees_nothing_that_is_used()
    {
        LooseRunner? runner = null;
        int launches = 0;
        EmulatedDevice device = new(new EmulatorProfile
        {
            RunTime = (program, _) =>
            {
                // As another request's call does, on another thread, when it finds a shape not to be as declared.
                if (program.Segment == "First" && ++launches == 2)
                    DistrustAll(runner!.Engine.Device!.Mode!);
                return 0;
            },
        });
        DeviceModel model = DeviceModel.Chain();
        using LooseRunner reference = model.Reference();
        using LooseRunner opened = runner = model.Runner(device);
        for (int i = 0; i < 4; i++)
        {
            float[] x = Onnx.Random(DeviceModel.Width, i);
            Same(Run(reference, x), Run(runner, x));
        }
        Assert.True(launches >= 4);
    }

    private static void DistrustAll(RunnerMode mode)
    {
        for (int i = 0; i < mode.Plan.Outline.Results.Length; i++)
            mode.Predictions.Distrust(i);
    }

    [Fact]
    public void A_call_that_is_kept_gives_each_run_its_own_results()
    {
        EmulatedDevice device = new(new EmulatorProfile());
        DeviceModel model = DeviceModel.Towers();
        using LooseRunner reference = model.Reference();
        using LooseRunner runner = model.Runner(device);
        using LooseCall call = runner.CreateCall((ref _) => { }), plain = reference.CreateCall((ref _) => { });
        for (int i = 0; i < 5; i++)
        {
            float[] x = Onnx.Random(DeviceModel.Width, i);
            x.CopyTo(call.In<float>(0));
            x.CopyTo(plain.In<float>(0));
            call.Run();
            plain.Run();
            Same(plain.Out<float>(0).Span.ToArray(), call.Out<float>(0).Span.ToArray());
        }
    }

    [Fact]
    public void The_thread_that_launches_is_one_of_its_own_and_named()
    {
        EmulatedDevice device = new(new EmulatorProfile());
        HashSet<string?> names = [];
        DeviceModel model = DeviceModel.Chain(inLane: () => names.Add(Thread.CurrentThread.Name));
        using LooseRunner runner = model.Runner(device);
        names.Clear();
        Run(runner, Onnx.Random(DeviceModel.Width, 1));
        Run(runner, Onnx.Random(DeviceModel.Width, 2));
        Assert.Equal(["Cleave test emulated:0 launcher"], names);
    }

    [Fact]
    public void What_runs_where_is_read_from_ONNX_Runtime()
    {
        EmulatedDevice device = new(new EmulatorProfile());
        ListLogger log = new();
        using LooseRunner runner = DeviceModel.Towers().Runner(device, options: new RunnerOptions { Logger = log });
        DeviceReport report = runner.DeviceReport!;
        Assert.Equal(("emulated:0", null, DevicePolicy.Require), (report.Device, report.WhyNot, report.Policy));
        Assert.Equal(["Left on CPU", "Right on emulated:0: 2 nodes (MatMul, Relu)", "Join on CPU"], report.Segments.Select(s => s.ToString()));
        Assert.Contains(log.Lines, l => l.Contains("Cleave runs test on emulated:0: Left on CPU; Right on emulated:0: 2 nodes (MatMul, Relu); Join on CPU", StringComparison.Ordinal));
        Run(runner, Onnx.Random(DeviceModel.Width, 1));
        Assert.Equal((1, 0), (runner.DeviceReport!.Requests, runner.DeviceReport.RanAgain));
        Assert.Equal(device.MemoryUsed, runner.DeviceReport.MemoryUsed);
    }

    [Fact]
    public void A_node_that_the_provider_lacks_is_found_before_anything_runs()
    {
        DeviceModel model = DeviceModel.Towers();
        EmulatorProfile profile = new() { Lacks = ["Relu"] };
        EmulatedDevice device = new(profile);
        CleaveException e = Assert.Throws<CleaveException>(() => model.Runner(device));
        Assert.Equal("CLV4007", e.Id);
        Assert.Contains("ONNX Runtime runs Relu by CPUExecutionProvider, not on emulated:0", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, device.MemoryUsed);

        using LooseRunner runner = DeviceModel.Towers().Runner(new EmulatedDevice(profile), DevicePolicy.Prefer);
        Assert.Contains("Relu", runner.DeviceReport!.WhyNot, StringComparison.Ordinal);
        Run(runner, Onnx.Random(DeviceModel.Width, 1));
    }

    [Fact]
    public void Never_does_not_even_look()
    {
        using LooseRunner runner = DeviceModel.Towers().Open(new RunnerOptions
        {
            Device = DeviceOptions.Never with { Opener = _ => throw new InvalidOperationException("looked") },
        });
        Assert.Null(runner.DeviceReport);
        Run(runner, Onnx.Random(DeviceModel.Width, 1));
    }

    [Fact]
    public void With_so_many_cores_that_the_CPU_does_as_well_the_device_is_used_only_where_it_is_required()
    {
        Assert.Equal("emulated:0", Open(DevicePolicy.Prefer, cores: 15).Device);
        Assert.Equal("emulated:0", Open(DevicePolicy.Require, cores: 16).Device);
        DeviceReport report = Open(DevicePolicy.Prefer, cores: 16);
        Assert.Equal((null, "with 16 cores the CPU alone is predicted to do as well"), (report.Device, report.WhyNot));

        static DeviceReport Open(DevicePolicy policy, int cores)
        {
            ListLogger log = new();
            DeviceModel model = DeviceModel.Towers() with { FewerCoresThan = 16 };
            using LooseRunner reference = model.Reference();
            using LooseRunner runner = model.Runner(new EmulatedDevice(new EmulatorProfile()), policy, new RunnerOptions { Cores = cores, Ledger = Ledgers.Own(16), Logger = log });
            float[] x = Onnx.Random(DeviceModel.Width, 1);
            Same(Run(reference, x), Run(runner, x));
            // Nothing is wrong: no reason to warn.
            Assert.DoesNotContain(log.Warnings, w => w.Contains("planned for an accelerator", StringComparison.Ordinal));
            return runner.DeviceReport!;
        }
    }

    [Fact]
    public void A_model_that_was_planned_for_no_device_cannot_require_one()
    {
        DeviceUnavailableException e = Assert.Throws<DeviceUnavailableException>(() => LooseRunner.Of(Lanes.Towers.Model(), new RunnerOptions { Device = DeviceOptions.Require }));
        Assert.Contains("Accelerator=\"Cuda\"", e.Message, StringComparison.Ordinal);
        using LooseRunner runner = LooseRunner.Of(Lanes.Towers.Model(), new RunnerOptions { Device = DeviceOptions.Prefer });
        Assert.Null(runner.DeviceReport);
    }

    [Fact]
    public async Task A_job_and_a_reload_stay_on_the_device()
    {
        EmulatedDevice first = new(new EmulatorProfile()), second = new(new EmulatorProfile(), "emulated:1");
        Queue<EmulatedDevice> devices = new([first, second]);
        DeviceModel model = DeviceModel.Chain();
        using LooseRunner reference = model.Reference();
        using LooseRunner runner = model.Open(new RunnerOptions { Device = DeviceOptions.Require with { Opener = _ => devices.Dequeue() } });
        float[][] parts = [.. Enumerable.Range(0, 7).Select(i => Onnx.Random(DeviceModel.Width, i))];
        foreach ((LooseOutput output, float[] x) in runner.RunMany([.. parts.Select(x => Request(x))]).Zip(parts))
        {
            Same(Run(reference, x), output.Get<float>(0).Span.ToArray());
            output.Dispose();
        }
        Assert.Equal(7, first.Operations.Count(o => o.What == "test/Second"));

        await runner.ReloadAsync(ModelSource.Bytes(Google.Protobuf.MessageExtensions.ToByteArray(model.Model)));
        Same(Run(reference, parts[0]), Run(runner, parts[0]));
        Assert.Equal(7, first.Operations.Count(o => o.What == "test/Second"));
        Assert.True(second.Operations.Count(o => o.What == "test/Second") > 0);
        Assert.Equal(0, first.MemoryUsed);
        Assert.Equal("emulated:1", runner.DeviceReport!.Device);
    }

    [Fact]
    public void Parts_of_a_job_in_the_background_do_not_wait_for_their_own_cores()
    {
        EmulatedDevice device = new(new EmulatorProfile());
        CoreLedger ledger = Ledgers.Own(1);
        ledger.Waiting.Patience = TimeSpan.FromSeconds(20);
        DeviceModel model = DeviceModel.Chain();
        using LooseRunner reference = model.Reference();
        using LooseRunner runner = model.Runner(device, options: new RunnerOptions { Hint = RunnerHint.Background, Cores = 1, Ledger = ledger });
        float[][] parts = [.. Enumerable.Range(0, 7).Select(i => Onnx.Random(DeviceModel.Width, i))];
        long start = Stopwatch.GetTimestamp();
        foreach ((LooseOutput output, float[] x) in runner.RunMany([.. parts.Select(x => Request(x))]).Zip(parts))
        {
            Same(Run(reference, x), output.Get<float>(0).Span.ToArray());
            output.Dispose();
        }
        Assert.True(Stopwatch.GetElapsedTime(start) < ledger.Waiting.Patience, Stopwatch.GetElapsedTime(start).ToString());
        Assert.Equal(7, device.Operations.Count(o => o.What == "test/Second"));
    }

    [Fact]
    public void A_run_can_be_cancelled_while_the_device_works()
    {
        EmulatedDevice device = new(new EmulatorProfile { RunTime = (_, _) => 50 * Millisecond });
        CancellationTokenSource? source = null;
        DeviceModel model = DeviceModel.Towers(() => source?.Cancel());
        using LooseRunner reference = model.Reference();
        using LooseRunner runner = model.Runner(device);
        for (int i = 0; i < 3; i++)
        {
            source = new CancellationTokenSource();
            Assert.ThrowsAny<OperationCanceledException>(() => runner.Run(Request(Onnx.Random(DeviceModel.Width, 1)), source.Token));
            source.Dispose();
            source = null;
            float[] x = Onnx.Random(DeviceModel.Width, i);
            Same(Run(reference, x), Run(runner, x));
        }
        Assert.Equal("emulated:0", runner.DeviceReport!.Device);
    }

    [Fact]
    public void A_failure_on_the_CPU_fails_the_request_and_nothing_else()
    {
        EmulatedDevice device = new(new EmulatorProfile());
        using LooseRunner runner = DeviceModel.Lookup().Runner(device, DevicePolicy.Prefer);
        for (int i = 0; i < 4; i++)
        {
            CleaveException e = Assert.Throws<CleaveException>(() => runner.Run(LookupOf(1, 9)));
            Assert.Equal("CLV4008", e.Id);
            using LooseOutput found = runner.Run(LookupOf(-3, 2));
            Assert.Equal([33], found.Get<float>(0).Span.ToArray());
        }
        Assert.Equal(("emulated:0", 0), (runner.DeviceReport!.Device, runner.DeviceReport.RanAgain));
    }

    [Fact]
    public void Nothing_is_left_on_the_device()
    {
        EmulatedDevice device = new(new EmulatorProfile());
        LooseOutput kept;
        using (LooseRunner runner = DeviceModel.ThereAndBack().Runner(device))
            kept = runner.Run(Request(Onnx.Random(8, 1), 8));
        Assert.Equal(0, device.MemoryUsed);
        // Outputs outlive the runner.
        Assert.Equal(8, kept.Get<float>(0).Span.Length);
        kept.Dispose();
    }

    internal static Request Request(float[] x) => (ref b) => b.Copy<float>(0, x);

    private static Request Request(float[] x, int n) => (ref b) =>
    {
        b.Dim(n);
        b.Copy<float>(0, x);
    };

    private static Request LookupOf(float x, long index) => Lanes.SplitModel.LookupOf(x, index);

    internal static float[] Run(LooseRunner runner, float[] x)
    {
        using LooseOutput output = runner.Run(Request(x));
        return output.Get<float>(0).Span.ToArray();
    }

    internal static void Same(float[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(MathF.Abs(expected[i] - found[i]) <= 1e-6f, $"{found[i]} instead of {expected[i]} at {i}");
    }
}
