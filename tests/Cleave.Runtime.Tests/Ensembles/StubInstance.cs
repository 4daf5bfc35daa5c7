using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Cleave.Devices;
using Cleave.Emulator;
using Cleave.Ensembles.Serving;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>An instance that multiplies by a factor, with places to fail or wait at.</summary>
internal sealed class StubInstance(string name, int member, int batch, float factor, int slots = 3) : IMemberInstance
{
    private readonly float[]?[] _rows = new float[slots][];
    private int _predicted;

    public string Name => name;

    public int Batch => batch;

    public int Slots => slots;

    public IDevice? Device { get; init; }

    public bool IsLost { get; set; }

    public bool IsDisposed { get; private set; }

    /// <summary>Called in the predictor, with how many batches it has predicted before.</summary>
    public Action<int>? OnPredict { get; set; }

    public Action? OnLoad { get; set; }

    public ConcurrentQueue<(int At, int Count)> Added { get; } = new();

    public void Load(EnsembleRequest request, int at, int count, int slot)
    {
        OnLoad?.Invoke();
        _rows[slot] = MemoryMarshal.Cast<byte, float>(((TensorRequest)request).Input(0, at, count)).ToArray();
    }

    public void Predict(int slot)
    {
        OnPredict?.Invoke(Interlocked.Increment(ref _predicted) - 1);
        _rows[slot] = [.. _rows[slot]!.Select(x => x * factor)];
    }

    public void Receive(int slot)
    {
    }

    public void Add(EnsembleRequest request, int at, int count, int slot)
    {
        ((TensorRequest)request).Add(member, 0, at, _rows[slot]);
        Added.Enqueue((at, count));
    }

    public void Dispose() => IsDisposed = true;
}
