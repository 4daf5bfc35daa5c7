using System;
using System.Diagnostics;
using System.Threading;
using Cleave.Calls;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Logging;
using Microsoft.Extensions.Logging;

namespace Cleave.Batching;

/// <summary>
/// Runs requests together: copies their inputs one behind the other along the batch axis, runs once, and copies each its part of the outputs.
/// Where that fails, it runs them one by one, so that only those fail that are to blame. Thread-safe.
/// </summary>
internal sealed class BatchRun
{
    private readonly JoinedCalls _joined;
    private readonly CallMeter _calls;
    private readonly ILogger _logger;
    private readonly string _model;

    /// <param name="model">The model's name.</param>
    /// <param name="joined">Runs them together.</param>
    /// <param name="calls">Told how long each waited.</param>
    /// <param name="logger">Told when a batch fails.</param>
    public BatchRun(string model, JoinedCalls joined, CallMeter calls, ILogger logger)
    {
        _model = model;
        _joined = joined;
        _calls = calls;
        _logger = logger;
    }

    /// <summary>The buffers of batches.</summary>
    public CallPool<CallBuffers> Pool => _joined.Pool;

    /// <summary>What ran together, and how long requests waited.</summary>
    public BatchCounts Counts { get; } = new();

    /// <summary>How many samples may run together with this request, its own among them.</summary>
    public int Largest(BatchRequest request) => Math.Min(request.Buffers.Batch.Largest, _joined.Most);

    /// <summary>Whether two requests have the same dimensions but for the batch.</summary>
    public bool AreAlike(BatchRequest one, BatchRequest other)
    {
        ReadOnlySpan<int> first = one.Buffers.Dims, second = other.Buffers.Dims;
        int batch = _joined.Symbol;
        return first[..batch].SequenceEqual(second[..batch]) && first[(batch + 1)..].SequenceEqual(second[(batch + 1)..]);
    }

    /// <summary>Runs requests that were taken, and ends each. Throws nothing.</summary>
    public void Run(BatchRequest[] taken)
    {
        BatchRequest[] batch = taken.Length == 1 ? taken : Array.FindAll(taken, static r => !r.IsEnded);
        if (batch.Length < taken.Length)
        {
            foreach (BatchRequest cancelled in taken)
            {
                if (Array.IndexOf(batch, cancelled) < 0)
                    cancelled.End(null);
            }
        }
        foreach (BatchRequest request in batch)
            _calls.Waited(request.Since);
        Exception? failure = batch.Length > 1 ? Together(batch) : null;
        bool isTogether = batch.Length > 1 && failure is null;
        bool isWell = true;
        foreach (BatchRequest request in batch)
        {
            if (isTogether)
                request.End(null);
            else
                isWell &= request.RunAlone();
        }
        if (failure != null)
            Learn(failure, batch, isWell);
    }

    private Exception? Together(BatchRequest[] batch)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            _joined.Run(Array.ConvertAll(batch, static r => r.Buffers), static (buffers, generation) => buffers.Run(generation, CancellationToken.None));
            Counts.Ran(batch.Length, Stopwatch.GetTimestamp() - start);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private void Learn(Exception failure, BatchRequest[] batch, bool isWell)
    {
        CallBuffers[] calls = Array.ConvertAll(batch, static r => r.Buffers);
        // An interrupted thread says nothing about the batch.
        if (isWell && failure is not ThreadInterruptedException)
            _joined.Limit(calls, failure);
        else
            Log.BatchRanOneByOne(_logger, _model, _joined.Samples(calls), failure.Message, failure);
    }
}
