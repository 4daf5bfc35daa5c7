using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Tool.Measuring;
using Xunit;

namespace Cleave.Tool.Tests.Measuring;

public sealed class WorkerTests
{
    [Fact]
    public void A_workload_whose_threads_run_on_after_a_block_is_restless()
    {
        using Spinner spinner = new();
        StringWriter answers = new() { NewLine = "\n" };

        int code = Worker.Serve(() => spinner, new StringReader("block 3\n"), answers);

        Assert.Equal(0, code);
        Assert.Equal("ready\nrestless\n", answers.ToString());
    }

    [Fact]
    public void A_workload_that_cannot_be_made_says_why()
    {
        StringWriter answers = new() { NewLine = "\n" };

        int code = Worker.Serve(() => throw new InvalidOperationException("no such\nmodel"), new StringReader("block 3\n"), answers);

        Assert.Equal(1, code);
        Assert.Equal("failed no such model\n", answers.ToString());
    }

    [Fact]
    public void Spinning_is_told_from_what_a_process_always_does()
    {
        TimeSpan parked = TimeSpan.FromMilliseconds(100);

        Assert.True(CpuRest.Spun(TimeSpan.FromMilliseconds(50), parked));
        Assert.True(CpuRest.Spun(parked, parked));
        Assert.False(CpuRest.Spun(TimeSpan.FromMilliseconds(1), parked));
        // However short the others' turn was.
        Assert.False(CpuRest.Spun(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public void Callers_share_the_calls_of_a_block_and_their_failures_come_out()
    {
        int calls = 0;
        double[] times = new double[101];
        Array.Fill(times, -1);
        new Callers([Call, Call, Call], Stream.Null).Block(times);

        Assert.Equal(101, calls);
        Assert.All(times, t => Assert.True(t >= 0));

        // Each fails in its first call: whoever gets the first of them.
        Callers failing = new([Fail, Fail], Stream.Null);
        Assert.Equal("broke", Assert.Throws<InvalidOperationException>(() => failing.Block(times)).Message);

        void Call() => Interlocked.Increment(ref calls);

        static void Fail() => throw new InvalidOperationException("broke");
    }

    /// <summary>As where a container allows no more of them: those that were started wait for all.</summary>
    [Fact]
    public void A_caller_that_cannot_be_started_ends_the_others()
    {
        int begun = 0;
        List<Thread> threads = [];
        Callers callers = new([static () => { }, static () => { }, static () => { }], Stream.Null)
        {
            Start = thread =>
            {
                if (++begun == 3)
                    throw new OutOfMemoryException("no more threads");
                Assert.True(thread.IsBackground);
                threads.Add(thread);
                thread.Start();
            },
        };

        Assert.Equal("no more threads", Assert.Throws<OutOfMemoryException>(() => callers.Block(new double[9])).Message);
        Assert.All(threads, static t => Assert.False(t.IsAlive));
    }

    private sealed class Spinner : IWorkload
    {
        private volatile bool _stop;
        private Task? _spinning;

        public void Block(double[] nanoseconds) => _spinning ??= Task.Factory.StartNew(
            () =>
            {
                while (!_stop)
                    Thread.SpinWait(100);
            },
            TaskCreationOptions.LongRunning);

        public void Dispose()
        {
            _stop = true;
            _spinning?.Wait();
        }
    }
}
