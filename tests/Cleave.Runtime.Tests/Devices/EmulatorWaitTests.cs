using System;
using System.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Devices;
using Cleave.Emulator;
using Xunit;

namespace Cleave.Runtime.Tests.Devices;

/// <summary>What is measured on the process: no other test runs meanwhile.</summary>
[CollectionDefinition(nameof(EmulatorWaitTests), DisableParallelization = true)]
[Collection(nameof(EmulatorWaitTests))]
public class EmulatorWaitTests
{
    private const double Millisecond = 1e6;

    [Fact]
    public void Waiting_for_a_device_does_not_burn_a_core()
    {
        using EmulatedDevice device = new(new EmulatorProfile { Computes = false, LaunchCost = 0, RunTime = (_, _) => 20 * Millisecond });
        using IDeviceStream stream = device.CreateStream("s");
        using IDeviceExecutable times = device.Load(EmulatorTests.Times(3), stream);
        using DeviceTensor a = device.Allocate("a", ElementType.Float, [4]);
        // 200 ms of device time; the spins come to 10 x 3 x 80 µs. What else the process does, its compiler above all, counts, too,
        // but not each time: waiting that burns does.
        TimeSpan most = TimeSpan.FromMilliseconds(150), used = Used();
        for (int again = 0; again < 2 && used >= most; again++)
            used = Used();
        Assert.True(used < most, used.ToString());

        TimeSpan Used()
        {
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            for (int i = 0; i < 10; i++)
            {
                times.Launch([a], [a]);
                stream.Synchronize();
            }
            return Process.GetCurrentProcess().TotalProcessorTime - before;
        }
    }
}
