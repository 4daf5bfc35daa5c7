using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Workers;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Cleave.Runtime.Tests;

public sealed class WorkQueueTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Woken instead of an idle one, it would let the item wait until it is done with its own.
    [Fact]
    public async Task A_thread_that_was_interrupted_while_idle_is_not_idle_once_it_has_an_item()
    {
        HoldingLogger log = new();
        WorkQueue queue = new(new WorkerSettings(static n => "worker " + n, 3, log));
        Item first = new(), second = new();
        queue.Enqueue(first);
        queue.Enqueue(second);
        Thread bottom = first.Thread(), top = second.Thread();
        Idle(first, bottom);
        // The one that is woken first.
        Idle(second, top);
        using ManualResetEventSlim bottomGoes = log.Hold(bottom), topGoes = log.Hold(top);
        bottom.Interrupt();
        top.Interrupt();
        Assert.True(SpinWait.SpinUntil(() => log.Holds(bottom) && log.Holds(top), Patience));

        Item third = new(), fourth = new(), fifth = new();
        queue.Enqueue(third);
        bottomGoes.Set();
        Assert.Equal(bottom, third.Thread());
        topGoes.Set();
        Assert.True(SpinWait.SpinUntil(() => !log.Holds(top) && top.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience));
        queue.Enqueue(fourth);
        Assert.Equal(top, fourth.Thread());
        queue.Enqueue(fifth);
        Thread another = fifth.Thread();
        Assert.True(another != bottom && another != top);
        third.Go();
        fourth.Go();
        fifth.Go();
        queue.Stop();
        await queue.Ended.WaitAsync(Patience);

        static void Idle(Item item, Thread thread)
        {
            item.Go();
            Assert.True(SpinWait.SpinUntil(() => item.IsOver && thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience));
        }
    }

    /// <summary>Holds threads where they say something, until they may go on.</summary>
    private sealed class HoldingLogger : ILogger
    {
        private readonly ConcurrentDictionary<Thread, ManualResetEventSlim> _go = new();
        private readonly ConcurrentDictionary<Thread, bool> _held = new();

        public ManualResetEventSlim Hold(Thread thread) => _go[thread] = new ManualResetEventSlim();

        public bool Holds(Thread thread) => _held.ContainsKey(thread);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!_go.TryGetValue(Thread.CurrentThread, out ManualResetEventSlim? go))
                return;
            _held[Thread.CurrentThread] = true;
            go.Wait(Patience);
            _held.TryRemove(Thread.CurrentThread, out _);
        }
    }

    private sealed class Item : IWorkItem
    {
        private readonly ManualResetEventSlim _go = new();
        private Thread? _thread;
        private volatile bool _isOver;

        public bool IsOver => _isOver;

        public Thread Thread()
        {
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _thread) is not null, Patience));
            return _thread!;
        }

        public void Go() => _go.Set();

        public void Execute()
        {
            Volatile.Write(ref _thread, System.Threading.Thread.CurrentThread);
            Assert.True(_go.Wait(Patience));
            _isOver = true;
        }
    }
}
