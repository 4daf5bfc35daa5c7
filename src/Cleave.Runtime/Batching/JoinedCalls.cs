using System;
using System.Threading;
using Cleave.Calls;
using Cleave.Generated;
using Cleave.Logging;
using Cleave.Modes;
using Microsoft.Extensions.Logging;

namespace Cleave.Batching;

/// <summary>
/// Calls of equal dimensions but the batch as one: their inputs are copied one behind the other along the batch axis, it runs once, and each gets its part of the
/// outputs. Thread-safe.
/// </summary>
internal sealed class JoinedCalls
{
    private readonly string _model;
    private readonly BatchAxis _axis;
    private readonly RunnerModes _modes;
    private readonly ILogger _logger;
    private int _most = int.MaxValue;

    /// <param name="model">The model's name.</param>
    /// <param name="axis">The batch axis.</param>
    /// <param name="symbol">The place of the batch among the dimensions.</param>
    /// <param name="modes">Where they run.</param>
    /// <param name="create">Makes the buffers of a batch.</param>
    /// <param name="logger">Told when batches are limited.</param>
    public JoinedCalls(string model, BatchAxis axis, int symbol, RunnerModes modes, Func<CallPool<CallBuffers>, int[], CallBuffers> create, ILogger logger)
    {
        _model = model;
        _axis = axis;
        _modes = modes;
        _logger = logger;
        Symbol = symbol;
        Pool = new CallPool<CallBuffers>(dims => create(Pool!, dims));
    }

    /// <summary>The place of the batch among the dimensions.</summary>
    public int Symbol { get; }

    /// <summary>The buffers of batches.</summary>
    public CallPool<CallBuffers> Pool { get; }

    /// <summary>The most samples that may run together, by what failed so far.</summary>
    public int Most => Volatile.Read(ref _most);

    /// <summary>From now on fewer samples run together than these: the batch failed, and each alone did not. It was too large for the memory, or not what was proven.</summary>
    public void Limit(CallBuffers[] calls, Exception failure)
    {
        int samples = Samples(calls), most;
        do
            most = Volatile.Read(ref _most);
        while (samples <= most && Interlocked.CompareExchange(ref _most, samples - 1, most) != most);
        Log.BatchesLimited(_logger, _model, samples, failure.Message, failure);
    }

    /// <summary>The samples of all of them.</summary>
    public int Samples(CallBuffers[] calls)
    {
        int samples = 0;
        foreach (CallBuffers call in calls)
            samples += call.Dims[Symbol];
        return samples;
    }

    /// <summary>Runs calls together.</summary>
    /// <param name="calls">Their buffers, which nobody else uses meanwhile.</param>
    /// <param name="run">Runs the batch, whose buffers are rented as this generation.</param>
    /// <exception cref="InvalidOperationException">An output has no part for each sample.</exception>
    public void Run(CallBuffers[] calls, Action<CallBuffers, int> run)
    {
        int[] dims = [.. calls[0].Dims];
        dims[Symbol] = Samples(calls);
        CallBuffers batch = Pool.Rent(dims);
        int generation = batch.Generation;
        try
        {
            int at = 0;
            foreach (CallBuffers call in calls)
            {
                call.PutInto(batch, _axis, at);
                at += call.Dims[Symbol];
            }
            RunTogether(calls.Length, batch, generation, run);
            at = 0;
            foreach (CallBuffers call in calls)
            {
                call.TakePart(batch, _axis, Symbol, at);
                at += call.Dims[Symbol];
            }
        }
        finally
        {
            batch.Release(generation);
        }
    }

    private void RunTogether(int requests, CallBuffers batch, int generation, Action<CallBuffers, int> run)
    {
        _modes.BeginTogether(requests);
        try
        {
            run(batch, generation);
        }
        finally
        {
            _modes.EndTogether(requests);
        }
        batch.CountTogether(requests);
    }
}
