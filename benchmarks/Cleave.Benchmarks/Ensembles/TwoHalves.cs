using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace Cleave.Benchmarks.Ensembles;

/// <summary>
/// What two cores have to give: the caller runs every other call, a thread of one's own the rest, always the same ones, and each spins for the other before it
/// sleeps. One caller at a time.
/// </summary>
internal sealed class TwoHalves : IDisposable
{
    // The most that the event takes: some tens of microseconds.
    private const int Spins = 2047;

    private readonly Action[] _mine, _others;
    private readonly ManualResetEventSlim _begin = new(false, Spins), _end = new(false, Spins);
    private readonly Thread _thread;
    private volatile bool _isOver;

    public TwoHalves(IReadOnlyList<Action> calls)
    {
        _mine = [.. calls.Where(static (_, i) => i % 2 == 0)];
        _others = [.. calls.Where(static (_, i) => i % 2 == 1)];
        _thread = new Thread(Loop) { IsBackground = true, Name = "the other half" };
        _thread.Start();
    }

    public void Run()
    {
        _end.Reset();
        _begin.Set();
        Array.ForEach(_mine, static call => call());
        _end.Wait();
    }

    public void Dispose()
    {
        _isOver = true;
        _begin.Set();
        _thread.Join();
        _begin.Dispose();
        _end.Dispose();
    }

    private void Loop()
    {
        while (true)
        {
            _begin.Wait();
            _begin.Reset();
            if (_isOver)
                return;
            Array.ForEach(_others, static call => call());
            _end.Set();
        }
    }
}
