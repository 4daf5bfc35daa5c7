using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Diagnostics;

namespace Cleave.Ledger;

/// <summary>Times the calls of a runner's methods for those who listen to its ledger's meter. While nobody does, nothing is measured or allocated. Thread-safe.</summary>
internal sealed class CallMeter(CoreLedger ledger, string model)
{
    /// <summary>Of the process's ledger, where the options name no other.</summary>
    public static CallMeter Of(CoreLedger? ledger, string model) => new(ledger ?? CoreLedger.Process, model);

    /// <summary>A call, from its beginning to its end.</summary>
    /// <param name="method">Its name.</param>
    /// <param name="state">What it is about; with it, the lambda needs no object for each call.</param>
    /// <param name="run">Does it.</param>
    /// <param name="token">Ends it.</param>
    public TResult Run<TState, TResult>(string method, TState state, Func<TState, CancellationToken, TResult> run, CancellationToken token)
    {
        MeteredCall call = Begin(method);
        try
        {
            TResult result = run(state, token);
            call.End(null);
            return result;
        }
        catch (Exception e)
        {
            call.End(e);
            throw;
        }
    }

    /// <summary>The same of one that gives a task: what fails before there is one comes with it, too.</summary>
    public Task<TResult> RunAsync<TState, TResult>(string method, TState state, Func<TState, CancellationToken, Task<TResult>> start, CancellationToken token)
    {
        MeteredCall call = Begin(method);
        Task<TResult> task;
        try
        {
            task = start(state, token);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            task = Task.FromCanceled<TResult>(token);
        }
        catch (Exception e)
        {
            task = Task.FromException<TResult>(e);
        }
        return call.Watched(task);
    }

    /// <summary>A request begins that waited in a queue since then.</summary>
    public void Waited(long since)
    {
        try
        {
            ledger.Calls?.AddWait(model, since);
        }
        catch (Exception)
        {
            // What a listener throws: as at the end of a call.
        }
    }

    /// <summary>A call begins, which is to <see cref="MeteredCall.End"/>.</summary>
    public MeteredCall Begin(string method) => ledger.Calls is { IsHeard: true } heard ? new MeteredCall(heard, model, method, Stopwatch.GetTimestamp()) : default;
}

/// <summary>A call that somebody listens to; by default one that nobody does.</summary>
internal readonly struct MeteredCall(CallInstruments instruments, string model, string method, long start)
{
    private readonly CallInstruments? _instruments = instruments;

    /// <param name="failure">Null: it went well.</param>
    public void End(Exception? failure)
    {
        try
        {
            _instruments?.Add(model, method, start, failure);
        }
        catch (Exception)
        {
            // As with a logger: what listens to the meter and throws is not to fail a request, whose output would be lost.
        }
    }

    /// <summary>Ends when the task does.</summary>
    public Task<T> Watched<T>(Task<T> task) => _instruments is null ? task : Ending(task);

    // A task of its own: whoever lets its failure go unobserved hears of that as without a meter.
    private async Task<T> Ending<T>(Task<T> task)
    {
        Exception? failure = null;
        try
        {
            return await task.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            End(failure);
        }
    }
}

/// <summary>The instruments for calls.</summary>
internal sealed class CallInstruments(Meter meter)
{
    private readonly Histogram<double> _duration = meter.CreateHistogram<double>("cleave.request.duration", "s",
        "From the call to its result, by the name of the model and the method; of those that failed by what the failure was");

    private readonly Counter<long> _rejected = meter.CreateCounter<long>("cleave.rejected_requests", "{request}",
        "Calls that failed because the queue was full, by the name of the model");

    private readonly Histogram<double> _waited = meter.CreateHistogram<double>("cleave.queue.duration", "s",
        "How long requests waited in a queue of their runner before they began, by the name of the model");

    public bool IsHeard => _duration.Enabled || _rejected.Enabled;

    public void Add(string model, string method, long start, Exception? failure)
    {
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        KeyValuePair<string, object?> ofModel = new("model", model), ofMethod = new("method", method);
        if (failure is null)
        {
            _duration.Record(seconds, ofModel, ofMethod);
            return;
        }
        _duration.Record(seconds, ofModel, ofMethod, new KeyValuePair<string, object?>("error.type", TypeOf(failure)));
        if (IsRejection(failure) || (failure.InnerException is { } inner && IsRejection(inner)))
            _rejected.Add(1, ofModel);
    }

    public void AddWait(string model, long since)
    {
        if (_waited.Enabled)
            _waited.Record(Stopwatch.GetElapsedTime(since).TotalSeconds, new KeyValuePair<string, object?>("model", model));
    }

    private static bool IsRejection(Exception failure) => failure is CleaveException { Id: var id } && id == Rules.QueueFull.Id;

    // Few values: of a cancelled task the exception is of another type than of a cancelled call.
    private static string TypeOf(Exception failure) => failure switch
    {
        CleaveException known => known.Id,
        OperationCanceledException => typeof(OperationCanceledException).FullName!,
        _ => failure.GetType().FullName!,
    };
}
