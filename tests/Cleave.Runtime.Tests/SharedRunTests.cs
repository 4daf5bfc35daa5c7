using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Workers;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Cleave.Runtime.Tests;

public sealed class SharedRunTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly WorkerPool _pool = new(new WorkerSettings(static n => "helper " + n, 3, NullLogger.Instance));

    public void Dispose() => _pool.Stop();

    [Fact]
    public void Every_part_runs_once_and_the_first_failure_is_thrown()
    {
        for (int round = 0; round < 2000; round++)
        {
            int parts = 1 + (round % 7), failing = round % 3 == 0 ? round % parts : -1;
            int[] runs = new int[parts];
            Parts run = new(_pool, part =>
            {
                Interlocked.Increment(ref runs[part]);
                if (part == failing)
                    throw new InvalidOperationException("part " + part);
            });
            if (failing < 0)
            {
                run.Run(parts, helpers: round % 4);
                Assert.All(runs, static n => Assert.Equal(1, n));
            }
            else
            {
                Assert.Equal("part " + failing, Assert.Throws<InvalidOperationException>(() => run.Run(parts, helpers: round % 4)).Message);
                Assert.All(runs, static n => Assert.InRange(n, 0, 1));
            }
        }
    }

    [Fact]
    public void Nothing_is_run_once_it_is_cancelled()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Parts run = new(_pool, static _ => Assert.Fail("It ran."));
        Assert.Throws<OperationCanceledException>(() => run.Run(4, helpers: 2, token: source.Token));
    }

    // Whoever gets the memory next must not meet a thread of this run in it.
    [Fact]
    public void However_often_its_thread_is_interrupted_it_waits_for_the_others()
    {
        using ManualResetEventSlim begun = new(false), may = new(false);
        bool isOver = false;
        Exception? thrown = null;
        Thread request = new(() =>
        {
            Parts run = new(_pool, part =>
            {
                if (Thread.CurrentThread.Name == "request")
                {
                    // The other part is taken by a helper first.
                    Assert.True(begun.Wait(Patience));
                    return;
                }
                begun.Set();
                Assert.True(may.Wait(Patience));
                Volatile.Write(ref isOver, true);
            });
            try
            {
                run.Run(2, helpers: 1);
            }
            catch (Exception e)
            {
                thrown = Volatile.Read(ref isOver) ? e : new InvalidOperationException("It returned too soon.", e);
            }
        })
        { Name = "request" };
        request.Start();
        Assert.True(begun.Wait(Patience));
        for (int i = 0; i < 50; i++)
        {
            request.Interrupt();
            Assert.False(request.Join(TimeSpan.FromMilliseconds(2)));
        }
        may.Set();
        Assert.True(request.Join(Patience));
        Assert.IsType<ThreadInterruptedException>(thrown);
    }

    [Fact]
    public async Task Where_help_cannot_be_asked_for_that_is_thrown()
    {
        using ManualResetEventSlim begun = new(false), may = new(false);
        _pool.Enqueue(new Item(() =>
        {
            begun.Set();
            Assert.True(may.Wait(Patience));
        }));
        Assert.True(begun.Wait(Patience));
        _pool.Stop();
        Assert.Throws<ObjectDisposedException>(() => new Parts(_pool, static _ => { }).Run(2, helpers: 1));
        may.Set();
        await _pool.Ended.WaitAsync(Patience);
        // No thread is there, nor can one be started: the request's runs all.
        int ran = 0;
        new Parts(_pool, _ => ran++).Run(2, helpers: 1);
        Assert.Equal(2, ran);
    }

    private sealed class Item(Action what) : IWorkItem
    {
        public void Execute() => what();
    }

    private sealed class Parts(WorkerPool pool, Action<int> part) : SharedRun(pool)
    {
        private int _parts;
        private int _next;

        public void Run(int parts, int helpers, CancellationToken token = default)
        {
            _parts = parts;
            Run(parts, helpers, spin: 0, token);
        }

        protected override void Offer() => Volatile.Write(ref _next, 0);

        protected override int TakeParts()
        {
            int taken = 0;
            for (int next = Take(); next < _parts; next = Take(), taken++)
            {
                try
                {
                    if (IsWanted())
                        part(next);
                }
                catch (Exception e)
                {
                    Fail(e);
                }
            }
            return taken;
        }

        private int Take() => Interlocked.Increment(ref _next) - 1;
    }
}
