using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Runtime.ExceptionServices;
using System.Threading;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Plans;

namespace Cleave.Tuning;

/// <summary>One way to run the model, opened for itself to be measured, with one request, or several alike at once. Not thread-safe.</summary>
internal sealed class TuningCandidate : IDisposable
{
    private readonly CurrentEngine _opened;
    // The first is the one that runs alone.
    private readonly List<CallBuffers> _calls = [];
    private TuningSample? _sample;

    /// <exception cref="CleaveException">ONNX Runtime refuses a part of it.</exception>
    public TuningCandidate(ModelDefinition definition, RunnerOptions options, ChosenPlan plan)
    {
        Plan = plan;
        _opened = new CurrentEngine(definition.Only(new Budget(1, plan.Plan, plan.Threads)), options);
    }

    public ChosenPlan Plan { get; }

    /// <summary>Whether the model refused the request that it runs now.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>From now on it runs this request.</summary>
    public void Take(TuningSample sample)
    {
        Return();
        HasFailed = false;
        _sample = sample;
        Prepare(1);
    }

    /// <summary>Runs the request so many times; nanoseconds for each.</summary>
    /// <exception cref="CleaveException">The model refuses it.</exception>
    public double Run(int times, CancellationToken token)
    {
        if (_calls.Count == 0)
            throw new InvalidOperationException("There is no request.");
        return Run(_calls[0], times, token);
    }

    /// <summary>Runs so many requests alike at once, each so many times; nanoseconds for each of those that took longest.</summary>
    /// <exception cref="CleaveException">The model refuses it.</exception>
    public double RunCrowded(int requests, int times, CancellationToken token)
    {
        Prepare(requests);
        using ManualResetEventSlim begin = new();
        double[] taken = new double[requests];
        Exception?[] failures = new Exception?[requests];
        List<Thread> others = [];
        try
        {
            for (int i = 1; i < requests; i++)
            {
                int other = i;
                Thread thread = new(() => RunOne(other)) { IsBackground = true, Name = string.Create(CultureInfo.InvariantCulture, $"Cleave {_opened.Now.Name} tuner {i}") };
                thread.UnsafeStart();
                others.Add(thread);
            }
            begin.Set();
            RunOne(0);
        }
        finally
        {
            // Also where a thread could not be started: those that were run their requests and end.
            begin.Set();
            others.ForEach(static t => t.Join());
        }
        if (Array.Find(failures, static f => f != null) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        return taken.Max();

        void RunOne(int i)
        {
            try
            {
                begin.Wait(token);
                taken[i] = Run(_calls[i], times, token);
            }
            catch (Exception e)
            {
                failures[i] = e;
            }
        }
    }

    public void Dispose()
    {
        Return();
        _opened.Dispose();
    }

    private double Run(CallBuffers call, int times, CancellationToken token)
    {
        try
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < times; i++)
                call.Run(call.Generation, token);
            return Stopwatch.GetElapsedTime(start).TotalNanoseconds / times;
        }
        catch (CleaveException)
        {
            HasFailed = true;
            throw;
        }
    }

    private void Prepare(int requests)
    {
        while (_calls.Count < requests)
        {
            CallBuffers call = _opened.Now.Pool.Rent(_sample!.Dims);
            _calls.Add(call);
            _sample.Fill(call);
        }
    }

    private void Return()
    {
        foreach (CallBuffers call in _calls)
            call.Release(call.Generation);
        _calls.Clear();
    }
}
