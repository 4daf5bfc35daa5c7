using System;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Batching;

/// <summary>
/// y = x + table[index], fails for an index outside of the four rows; together: how many samples ran at once. Each run passes by a gate,
/// which a test may close.
/// </summary>
internal sealed class BatchedModel : IDisposable
{
    private readonly ManualResetEventSlim _gate = new(true);
    private readonly bool _last;
    private int _runs;

    /// <param name="last">Whether the batch is the last axis of x and y; else the first.</param>
    public BatchedModel(bool last = false) => _last = last;

    /// <summary>How many runs came to the gate.</summary>
    public int Runs => Volatile.Read(ref _runs);

    /// <summary>What is done in each run, behind the gate.</summary>
    public Action? InRun { get; set; }

    /// <summary>What calls are predicted to take.</summary>
    public PredictedTimes? Times { get; set; }

    /// <summary>From now on runs wait.</summary>
    public void Close() => _gate.Reset();

    public void Open() => _gate.Set();

    public void Dispose() => _gate.Dispose();

    public LooseRunner Runner(RunnerOptions options, params BatchGain[] gains)
    {
        options.Model = ModelSource.Bytes(Model().ToByteArray());
        options.Ledger ??= Ledgers.Own(options.Cores ?? 1);
        options.Cores ??= 1;
        return new LooseRunner(Definition(gains), options);
    }

    /// <summary>The same model with other weights: the table's numbers are so many times as large.</summary>
    public ModelSource Retrained(float factor) => ModelSource.Bytes(Model(factor).ToByteArray());

    /// <summary>One row for each sample, each of the same number of columns.</summary>
    public Request Request(float[] x, params long[] index) => (ref b) =>
    {
        b.Dim(_last ? x.Length / index.Length : index.Length);
        b.Dim(_last ? index.Length : x.Length / index.Length);
        b.Copy<float>(0, x);
        b.Copy<long>(1, index);
    };

    /// <summary>What y is to be.</summary>
    public float[] Expected(float[] x, params long[] index)
    {
        int width = x.Length / index.Length;
        return [.. x.Select((v, i) => v + (10 * (1 + index[_last ? i % index.Length : i / width])))];
    }

    /// <summary>The core counts with a budget, each with as many threads.</summary>
    public int[] Rows { get; set; } = [1];

    private Budget[] Budgets(Plan plan) => [.. Rows.Select(cores => new Budget(cores, plan, cores))];

    private ModelDefinition Definition(BatchGain[] gains)
    {
        gains = gains.Length > 0 ? gains : [new(1000, 8, 3)];
        byte[] bytes = Model().ToByteArray();
        ModelDefinition plain = Definitions.Of(bytes);
        Segment whole = new("Whole", "*", plain.Inputs, plain.Outputs);
        Plan plan = new("Whole", [whole], lane =>
        {
            // Opening the plan reads it.
            if (lane is not RunningLane)
            {
                lane.Run(whole);
                return;
            }
            Interlocked.Increment(ref _runs);
            // A test that failed leaves it closed: then the runner is to be disposed of all the same.
            if (!_gate.Wait(TimeSpan.FromMinutes(2)))
                throw new TimeoutException("the gate stayed closed");
            InRun?.Invoke();
            lane.Run(whole);
        });
        return new(1, "test", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, Budgets(plan))
        {
            Batch = new BatchAxis("batch", [_last ? 1 : 0, 0], [_last ? 1 : 0, 0], gains),
            Times = Times,
        };
    }

    private ModelProto Model(float factor = 1) => Onnx.Model(
        [Tensor("x", ElementType.Float, _last ? ["n", "batch"] : ["batch", "n"]), Tensor("index", ElementType.Int64, "batch")],
        [Tensor("y", ElementType.Float, _last ? ["n", "batch"] : ["batch", "n"]), Tensor("together", ElementType.Int64, "batch")],
        [
            Node("Gather", ["table", "index"], ["row"]), Node("Unsqueeze", ["row", _last ? "zero" : "one"], ["column"]), Node("Add", ["x", "column"], ["y"]),
            Node("Shape", ["index"], ["size"]), Node("Expand", ["size", "size"], ["together"]),
        ],
        [Floats("table", [4], 10 * factor, 20 * factor, 30 * factor, 40 * factor), Longs(_last ? "zero" : "one", [1], _last ? 0 : 1)]);
}
