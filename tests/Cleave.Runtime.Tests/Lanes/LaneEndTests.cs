using System;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Emulator;
using Cleave.Runtime.Tests.Devices;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Lanes;

/// <summary>A request is over when all of its lanes are, whatever ends it.</summary>
public sealed class LaneEndTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void A_request_that_is_interrupted_waits_for_its_other_lanes_and_fails()
    {
        using ManualResetEventSlim entered = new(), open = new(true);
        using LooseRunner runner = SplitModel.Relay<long>(ElementType.Int64, () =>
        {
            entered.Set();
            open.Wait(Patience);
        }).Runner();
        for (int i = 0; i < 3; i++)
        {
            entered.Reset();
            open.Reset();
            Exception? failure = null;
            Thread caller = new(() => failure = Record.Exception(() => runner.Run(SplitModel.RelayOf(i)).Dispose()));
            caller.Start();
            Assert.True(entered.Wait(Patience));
            // The first lane has nothing left to do but to wait for this one.
            caller.Interrupt();
            bool wasOver = caller.Join(TimeSpan.FromMilliseconds(100));
            open.Set();
            Assert.True(caller.Join(Patience));
            Assert.False(wasOver);
            Assert.IsType<ThreadInterruptedException>(failure);
            for (long k = 1; k < 4; k++)
                Relayed(runner, (100 * i) + k);
        }
    }

    [Fact]
    public void Requests_interrupted_at_random_fail_or_give_right_results()
    {
        Thread? caller = null;
        Random random = new(3);
        using LooseRunner runner = SplitModel.Relay<long>(ElementType.Int64, () =>
        {
            if (caller is null || random.Next(3) != 0)
                return;
            Thread.SpinWait(random.Next(2000));
            caller.Interrupt();
            Thread.SpinWait(random.Next(2000));
        }).Runner(new() { Ledger = Ledgers.Own(3) });
        int good = 0, interrupted = 0;
        Exception? wrong = null;
        Thread client = new(() => wrong = Record.Exception(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                try
                {
                    Relayed(runner, i, -i);
                    good++;
                }
                catch (ThreadInterruptedException)
                {
                    interrupted++;
                }
            }
        }));
        caller = client;
        client.Start();
        Assert.True(client.Join(Patience));
        Assert.Null(wrong);
        Assert.True(good > 0 && interrupted > 0, $"{good} good, {interrupted} interrupted");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_callback_that_throws_while_a_request_is_stopped_holds_nobody_up(bool inFirst)
    {
        bool fails = false;
        DeviceModel model = inFirst ? DeviceModel.Towers(afterLeft: Fail) : DeviceModel.Towers(afterLaunch: Fail);
        // Not disposed where the test fails: that would wait for the request.
        LooseRunner runner = model.Runner(new EmulatedDevice(new EmulatorProfile()));
        LooseCall call = runner.CreateCall((ref _) => { });
        call.Run();
        for (int i = 0; i < 3; i++)
        {
            call.Buffers.Lanes.DeviceWaits.Register(static () => throw new NotSupportedException("in a callback"));
            fails = true;
            Exception? failure = null;
            Thread caller = new(() => failure = Record.Exception(() => call.Run())) { IsBackground = true };
            caller.Start();
            Assert.True(caller.Join(TimeSpan.FromSeconds(20)));
            Assert.Equal("in a lane", Assert.IsType<InvalidOperationException>(failure).Message);
            fails = false;
            call.Run();
        }
        call.Dispose();
        runner.Dispose();

        void Fail()
        {
            if (fails)
                throw new InvalidOperationException("in a lane");
        }
    }

    private static void Relayed(LooseRunner runner, params long[] values)
    {
        using LooseOutput output = runner.Run(SplitModel.RelayOf(values));
        Assert.Equal(values, output.Get<long>(0).ToArray());
        Assert.Equal(values, output.Get<long>(1).ToArray());
    }
}
