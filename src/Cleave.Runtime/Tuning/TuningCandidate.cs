using System;
using System.Diagnostics;
using System.Threading;
using Cleave.Generated;
using Cleave.Plans;

namespace Cleave.Tuning;

/// <summary>One way to run the model, opened for itself to be measured, with one request at a time. Not thread-safe.</summary>
internal sealed class TuningCandidate : IDisposable
{
    private readonly CurrentEngine _opened;
    private CallBuffers? _call;

    /// <exception cref="CleaveException">ONNX Runtime refuses a part of it.</exception>
    public TuningCandidate(ModelDefinition definition, RunnerOptions options, ChosenPlan plan)
    {
        Plan = plan;
        _opened = new CurrentEngine(definition.Only(new Budget(1, plan.Plan, plan.Threads)), options);
    }

    public ChosenPlan Plan { get; }

    /// <summary>From now on it runs this request.</summary>
    public void Take(TuningSample sample)
    {
        Return();
        _call = _opened.Now.Pool.Rent(sample.Dims);
        sample.Fill(_call);
    }

    /// <summary>Runs the request so many times; nanoseconds for each.</summary>
    /// <exception cref="CleaveException">The model refuses it.</exception>
    public double Run(int times, CancellationToken token)
    {
        CallBuffers call = _call ?? throw new InvalidOperationException("There is no request.");
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < times; i++)
            call.Run(call.Generation, token);
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / times;
    }

    public void Dispose()
    {
        Return();
        _opened.Dispose();
    }

    private void Return()
    {
        _call?.Release(_call.Generation);
        _call = null;
    }
}
