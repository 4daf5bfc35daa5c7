using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Cores;
using Cleave.Devices;
using Cleave.Emulator;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Support;
using Xunit;
using static Cleave.Runtime.Tests.Devices.DispatchTests;

namespace Cleave.Runtime.Tests.Devices;

/// <summary>A device that is full, or lost: the policy decides, no request is lost, and nothing is left behind.</summary>
public sealed class DispatchFailureTests
{
    private static readonly float[] X = Onnx.Random(DeviceModel.Width, 1);

    [Fact]
    public void No_room_for_the_model()
    {
        EmulatedDevice small = new(new EmulatorProfile { MemoryLimit = 1500 });
        DeviceMemoryException e = Assert.Throws<DeviceMemoryException>(() => DeviceModel.Chain().Runner(small));
        Assert.Equal("CLV4021", e.Id);
        Assert.Contains("test/Second", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, small.MemoryUsed);

        ListLogger log = new();
        using LooseRunner runner = DeviceModel.Chain().Runner(new EmulatedDevice(new EmulatorProfile { MemoryLimit = 1500 }), DevicePolicy.Prefer, new RunnerOptions { Logger = log });
        SameAsOnTheCpu(runner);
        Assert.Null(runner.DeviceReport!.Device);
        Assert.Contains("There is no room for 'test/Second'", runner.DeviceReport.WhyNot, StringComparison.Ordinal);
        Assert.Contains(log.Warnings, w => w.StartsWith("Cleave runs test on the CPU, although it was planned for an accelerator: CLV4021: There is no room for 'test/Second' on the device 'emulated:0'", StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_that_has_no_further_stream_leaves_none_behind()
    {
        StreamlessDevice device = new();
        RunnerOptions options = new() { Device = new DeviceOptions { Policy = DevicePolicy.Require, Opener = _ => device } };
        Assert.Throws<DeviceMemoryException>(() => DeviceModel.Chain().Open(options));
        // And it was closed itself.
        Assert.Equal((2, 3), (device.Made, device.Disposed));
    }

    [Theory]
    [InlineData(FaultKind.OutOfMemoryAtRun, 0)]
    [InlineData(FaultKind.OutOfMemoryAtRun, 1)]
    [InlineData(FaultKind.OutOfMemoryAtAllocation, 0)]
    [InlineData(FaultKind.OutOfMemoryAtAllocation, 2)]
    public void No_room_for_a_run(object kind, int after)
    {
        EmulatedDevice device = new(new EmulatorProfile());
        ListLogger log = new();
        using LooseRunner runner = DeviceModel.Chain().Runner(device, DevicePolicy.Prefer, new RunnerOptions { Logger = log });
        device.Faults.Inject((FaultKind)kind, after);
        SameAsOnTheCpu(runner);
        Assert.Equal(("emulated:0", 1), (runner.DeviceReport!.Device, runner.DeviceReport.RanAgain));
        Assert.Contains(log.Warnings, w => w.StartsWith("Cleave ran a request of test again on the CPU: CLV4021: There is no room for", StringComparison.Ordinal));
        // The next one runs there again.
        SameAsOnTheCpu(runner);
        Assert.Equal((1, 1), (runner.DeviceReport.Requests, runner.DeviceReport.RanAgain));

        EmulatedDevice other = new(new EmulatorProfile());
        using LooseRunner strict = DeviceModel.Chain().Runner(other);
        other.Faults.Inject((FaultKind)kind, after);
        Assert.Throws<DeviceMemoryException>(() => Run(strict, X));
        SameAsOnTheCpu(strict);
    }

    /// <summary>For that the device would have to hold the model twice.</summary>
    [Fact]
    public void More_cores_open_it_again_only_after_it_has_left_the_device()
    {
        int cores = 1;
        CoreLedger ledger = new(new CoreCount(() => new CoreBudget(cores, "test", null), TimeProvider.System), TimeProvider.System);
        EmulatedDevice device = new(new EmulatorProfile());
        using LooseRunner runner = DeviceModel.Chain().Runner(device, DevicePolicy.Prefer, new RunnerOptions { Ledger = ledger });
        int grown = 0;
        runner.Engine.Modes.Growth.Grown = () => grown++;
        cores = 2;
        ledger.Cores.Read();
        SameAsOnTheCpu(runner);
        foreach (LooseOutput output in runner.RunMany([Request(X), Request(X)]))
            output.Dispose();
        Assert.Equal(0, grown);
        for (int i = 0; i < 3; i++)
            device.Faults.Inject(FaultKind.OutOfMemoryAtRun, i);
        for (int i = 0; i < 4; i++)
            SameAsOnTheCpu(runner);
        Assert.Null(runner.DeviceReport!.Device);
        Assert.Equal(1, grown);
    }

    [Fact]
    public void No_room_three_times_in_a_row()
    {
        EmulatedDevice device = new(new EmulatorProfile());
        using LooseRunner runner = DeviceModel.Chain().Runner(device, DevicePolicy.Prefer);
        for (int i = 0; i < 2; i++)
            device.Faults.Inject(FaultKind.OutOfMemoryAtRun, i);
        for (int i = 0; i < 3; i++)
            SameAsOnTheCpu(runner);
        Assert.Equal("emulated:0", runner.DeviceReport!.Device);
        for (int i = 0; i < 3; i++)
            device.Faults.Inject(FaultKind.OutOfMemoryAtRun, i);
        for (int i = 0; i < 4; i++)
            SameAsOnTheCpu(runner);
        Assert.Null(runner.DeviceReport.Device);
        Assert.Equal((1, 5), (runner.DeviceReport.Requests, runner.DeviceReport.RanAgain));
    }

    [Theory]
    [InlineData(FaultKind.LostAtRun, 0)]
    [InlineData(FaultKind.LostAtRun, 1)]
    [InlineData(FaultKind.LostUnnoticed, 0)]
    [InlineData(FaultKind.LostUnnoticed, 1)]
    [InlineData(FaultKind.LostAtCopy, 0)]
    [InlineData(FaultKind.LostAtCopy, 1)]
    public void A_device_that_is_lost(object kind, int after)
    {
        EmulatedDevice device = new(new EmulatorProfile());
        ListLogger log = new();
        using LooseRunner runner = DeviceModel.Chain().Runner(device, DevicePolicy.Prefer, new RunnerOptions { Logger = log });
        SameAsOnTheCpu(runner);
        device.Faults.Inject((FaultKind)kind, after);
        for (int i = 0; i < 3; i++)
            SameAsOnTheCpu(runner);
        Assert.Equal((null, 1, 1), (runner.DeviceReport!.Device, runner.DeviceReport.Requests, runner.DeviceReport.RanAgain));
        Assert.Contains("The device 'emulated:0' was lost", runner.DeviceReport.WhyNot, StringComparison.Ordinal);
        Assert.Contains(log.Lines, l => l.StartsWith("Cleave runs test on the CPU from now on, not on emulated:0: CLV4022: The device 'emulated:0' was lost", StringComparison.Ordinal));

        EmulatedDevice other = new(new EmulatorProfile());
        using LooseRunner strict = DeviceModel.Chain().Runner(other);
        other.Faults.Inject((FaultKind)kind, after);
        for (int i = 0; i < 3; i++)
            Assert.Throws<DeviceLostException>(() => Run(strict, X));
    }

    [Fact]
    public void Lost_while_the_CPU_waits_for_it()
    {
        foreach (int copy in new[] { 0, 1, 2 })
        {
            EmulatedDevice device = new(new EmulatorProfile { ToHostLatency = 2e6 });
            DeviceModel model = DeviceModel.Towers();
            using LooseRunner reference = model.Reference();
            using LooseRunner runner = model.Runner(device, DevicePolicy.Prefer);
            device.Faults.Inject(FaultKind.LostAtCopy, copy);
            for (int i = 0; i < 3; i++)
                Same(Run(reference, X), Run(runner, X));
            Assert.Equal((null, 1), (runner.DeviceReport!.Device, runner.DeviceReport.RanAgain));
        }
    }

    [Fact]
    public async Task Stress_many_callers_on_a_device_that_fails_now_and_then()
    {
        const int Callers = 4, Each = 150;
        EmulatedDevice device = new(new EmulatorProfile { LaunchCost = 500, ToDeviceLatency = 1000, ToHostLatency = 1000 });
        DeviceModel model = DeviceModel.Towers();
        using LooseRunner reference = model.Reference();
        float[][] inputs = [.. Enumerable.Range(0, Callers * Each).Select(i => Onnx.Random(DeviceModel.Width, i))];
        float[][] expected = [.. inputs.Select(x => Run(reference, x))];
        using (LooseRunner runner = model.Runner(device, DevicePolicy.Prefer))
        {
            // Far enough apart that the device is not given up before the end.
            for (int i = 0; i < Callers * Each * 3 / 4; i += 37)
                device.Faults.Inject(i % 2 == 0 ? FaultKind.OutOfMemoryAtRun : FaultKind.OutOfMemoryAtAllocation, i);
            device.Faults.Inject(FaultKind.LostAtRun, Callers * Each * 3 / 4);
            Task[] callers = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
            {
                for (int i = 0; i < Each; i++)
                {
                    int at = (caller * Each) + i;
                    if (i % 2 == 0)
                    {
                        Same(expected[at], Run(runner, inputs[at]));
                        continue;
                    }
                    using LooseOutput output = await runner.RunAsync(Request(inputs[at]));
                    Same(expected[at], output.Get<float>(0).Span.ToArray());
                }
            }))];
            await Task.WhenAll(callers).WaitAsync(TimeSpan.FromMinutes(2));
            DeviceReport report = runner.DeviceReport!;
            Assert.Null(report.Device);
            Assert.True(report.Requests > Callers * Each / 4, $"{report.Requests} on the device, {report.RanAgain} again");
            Assert.True(report.RanAgain > 3);
        }
        Assert.Equal(0, device.MemoryUsed);
    }

    private static void SameAsOnTheCpu(LooseRunner runner)
    {
        using LooseRunner reference = DeviceModel.Chain().Reference();
        Same(Run(reference, X), Run(runner, X));
    }

    // Has two streams.
    private sealed class StreamlessDevice : IDevice, IDeviceStream
    {
        public int Made { get; private set; }

        public int Disposed { get; private set; }

        public string Name => "streamless:0";

        public string Provider => "";

        public long MemoryLimit => 0;

        public long MemoryUsed => 0;

        public long MemoryLeft() => 0;

        public bool IsLost => false;

        public IDevice Device => this;

        public IDeviceStream CreateStream(string name)
        {
            if (Made == 2)
                throw new DeviceMemoryException(Name, name, "there are two", null);
            Made++;
            return this;
        }

        public void Dispose() => Disposed++;

        public IDeviceExecutable Load(DeviceProgram program, IDeviceStream stream) => throw new NotSupportedException();

        public DeviceTensor Allocate(string name, ElementType type, IReadOnlyList<long> shape) => throw new NotSupportedException();

        public HostTensor AllocateHost(ElementType type, IReadOnlyList<long> shape) => throw new NotSupportedException();

        public void CopyToDevice(HostTensor from, DeviceTensor to) => throw new NotSupportedException();

        public void CopyToHost(DeviceTensor from, HostTensor to) => throw new NotSupportedException();

        public IDeviceEvent Record() => throw new NotSupportedException();

        public void After(IDeviceEvent happened) => throw new NotSupportedException();

        public void Synchronize(CancellationToken cancellation = default) => throw new NotSupportedException();
    }
}
