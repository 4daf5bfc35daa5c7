using System;
using System.Threading;
using Cleave.Batching;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Modes;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Calls;

/// <summary>
/// A call whose batch may be divided. Whether that is as fast as it was predicted to be is measured on requests that are alone, as modes are compared. One run
/// at a time.
/// </summary>
internal sealed class DividedCall : IDisposable
{
    private const int Divided = 0;
    private const int Whole = 1;

    private static readonly bool[] Both = [true, true];

    private readonly RunnerEngine _engine;
    private readonly CallBuffers _whole;
    private readonly BatchDivision _division;
    private readonly RequestTimes _times;
    private readonly Func<bool> _wants;
    // The outputs' memory that the slices are parts of.
    private readonly OrtValue?[] _bound;
    private SliceRun? _slices;

    /// <param name="engine">Where it runs.</param>
    /// <param name="whole">The call.</param>
    /// <param name="division">How it is divided.</param>
    public DividedCall(RunnerEngine engine, CallBuffers whole, BatchDivision division)
    {
        _engine = engine;
        _whole = whole;
        _division = division;
        _times = engine.DivisionTimes.Of(whole.Dims);
        _wants = () => !engine.Divider!.Measures || _times.ForAlone(Both) == Divided;
        _bound = new OrtValue?[whole.Outputs.Length];
    }

    /// <summary>How many slices it has.</summary>
    public int Count => _division.Samples.Length;

    /// <summary>Runs the slices, where each has its cores and session now. False where not: then nothing ran.</summary>
    public bool TryRun(CancellationToken token)
    {
        // The first run, which is of the whole, learns the shapes.
        if (!Array.TrueForAll(_whole.Outputs, static o => o.Own != null))
            return false;
        SliceRun slices = Slices();
        bool isUsual = _engine.Divider!.IsUsual(_whole.Dims[_division.Symbol]);
        if (_engine.Modes.Division.TryEnter(_division.Threads, _wants, isUsual, slices.Modes) is not { } start)
            return false;
        bool succeeded = false;
        try
        {
            slices.Run(token);
            succeeded = true;
        }
        finally
        {
            if (_engine.Modes.Division.Leave(slices.Modes, start) is { } seconds && succeeded)
                _times.Add(Divided, seconds);
        }
        _engine.Divider!.CountDivided();
        return true;
    }

    /// <summary>The whole took so long, alone.</summary>
    public void AddWhole(double seconds) => _times.Add(Whole, seconds);

    public void Dispose() => _slices?.Dispose();

    private SliceRun Slices()
    {
        if (_slices != null && !IsStale())
            return _slices;
        _slices?.Dispose();
        BatchSlice[] slices = new BatchSlice[_division.Samples.Length];
        for (int i = 0, at = 0; i < slices.Length; at += _division.Samples[i++])
            slices[i] = new BatchSlice(_whole, _division.Symbol, at, _division.Samples[i], _engine.Modes.Places);
        for (int i = 0; i < _bound.Length; i++)
            _bound[i] = _whole.Outputs[i].Own;
        return _slices = new SliceRun(_engine.Workers, slices);
    }

    private bool IsStale()
    {
        for (int i = 0; i < _bound.Length; i++)
        {
            if (_bound[i] != _whole.Outputs[i].Own)
                return true;
        }
        return false;
    }
}
