using System;
using System.Threading;
using Cleave.Calls;
using Cleave.Generated;
using Microsoft.Extensions.Logging;

namespace Cleave.Batching;

/// <summary>
/// Runs requests together: copies their inputs one behind the other along the batch axis, runs once, and copies each its part of the outputs.
/// Where that fails, it runs them one by one, so that only those fail that are to blame. Thread-safe.
/// </summary>
internal sealed class BatchRun
{
    private readonly BatchSizes _sizes;
    private readonly ILogger _logger;
    private readonly string _model;
    private int _limit = int.MaxValue;

    /// <param name="model">The model's name.</param>
    /// <param name="sizes">How many samples may run together.</param>
    /// <param name="create">Makes the buffers of a batch.</param>
    /// <param name="logger">Told when a batch fails.</param>
    public BatchRun(string model, BatchSizes sizes, Func<CallPool, int[], CallBuffers> create, ILogger logger)
    {
        _model = model;
        _sizes = sizes;
        _logger = logger;
        Pool = new CallPool(dims => create(Pool!, dims));
    }

    /// <summary>The buffers of batches.</summary>
    public CallPool Pool { get; }

    /// <summary>What ran together.</summary>
    public BatchCounts Counts { get; } = new();

    /// <summary>How many samples may run together with this request, its own among them.</summary>
    public int Largest(BatchRequest request) => Math.Min(request.Buffers.Batch.Largest, Volatile.Read(ref _limit));

    /// <summary>Whether two requests have the same dimensions but for the batch.</summary>
    public bool AreAlike(BatchRequest one, BatchRequest other)
    {
        ReadOnlySpan<int> first = one.Buffers.Dims, second = other.Buffers.Dims;
        int batch = _sizes.Symbol;
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
        int[] dims = [.. batch[0].Buffers.Dims];
        dims[_sizes.Symbol] = Samples(batch);
        try
        {
            CallBuffers buffers = Pool.Rent(dims);
            int generation = buffers.Generation;
            try
            {
                RunTogether(batch, buffers, generation);
            }
            finally
            {
                buffers.Release(generation);
            }
            Counts.Add(batch.Length);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private void RunTogether(BatchRequest[] batch, CallBuffers buffers, int generation)
    {
        int at = 0;
        foreach (BatchRequest request in batch)
        {
            request.Buffers.PutInto(buffers, _sizes.Axis, at);
            at += request.Samples;
        }
        buffers.Run(generation, CancellationToken.None);
        at = 0;
        foreach (BatchRequest request in batch)
        {
            request.Buffers.TakePart(buffers, _sizes.Axis, at);
            at += request.Samples;
        }
    }

    // Where nobody is to blame, it was the batch: too large for the memory, or not what was proven.
    private void Learn(Exception failure, BatchRequest[] batch, bool isWell)
    {
        int samples = Samples(batch);
        if (!isWell)
        {
            Log.BatchRanOneByOne(_logger, _model, samples, failure.Message, failure);
            return;
        }
        int limit;
        do
            limit = Volatile.Read(ref _limit);
        while (samples <= limit && Interlocked.CompareExchange(ref _limit, samples - 1, limit) != limit);
        Log.BatchesLimited(_logger, _model, samples, failure.Message, failure);
    }

    private static int Samples(BatchRequest[] batch)
    {
        int samples = 0;
        foreach (BatchRequest request in batch)
            samples += request.Samples;
        return samples;
    }
}
