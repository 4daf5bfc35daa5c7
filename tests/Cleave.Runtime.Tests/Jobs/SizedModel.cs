using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;

namespace Cleave.Runtime.Tests.Jobs;

/// <summary>y = -x of any length, on as many virtual cores as one likes; each session that is made is recorded, and what is done in each run is a test's.</summary>
internal sealed class SizedModel
{
    private static readonly ModelProto Model = Onnx.Model(
        [Onnx.Tensor("x", ElementType.Float, "n")], [Onnx.Tensor("y", ElementType.Float, "n")], [Onnx.Node("Mul", ["x", "minus"], ["y"])], [Onnx.Floats("minus", [], -1)]);

    private readonly ConcurrentQueue<(int Threads, string? Maker)> _made = new();

    /// <summary>The threads of the sessions that were made, in order.</summary>
    public int[] Made => [.. _made.Select(static m => m.Threads)];

    /// <summary>The threads on which those after the first were made.</summary>
    public string?[] Makers => [.. _made.Skip(1).Select(static m => m.Maker)];

    /// <summary>What calls are predicted to take; null: nothing is.</summary>
    public PredictedTimes? Times { get; init; }

    /// <summary>Done at the beginning of each run.</summary>
    public Action? InRun { get; set; }

    /// <summary>The whole model with as many threads as cores, from 1 by powers of two.</summary>
    public LooseRunner Runner(int cores, Action<RunnerOptions>? change = null)
    {
        RunnerOptions options = new()
        {
            Cores = cores,
            Ledger = Ledgers.Own(cores),
            Model = ModelSource.Bytes(Model.ToByteArray()),
            ConfigureSession = (_, segment) => _made.Enqueue((segment.Threads, Thread.CurrentThread.Name)),
        };
        change?.Invoke(options);
        ModelDefinition plain = Definitions.Of(Model);
        Segment whole = new("Whole", "*", plain.Inputs, plain.Outputs);
        Plan plan = new("Whole", [whole], lane =>
        {
            // Opening the plan reads it.
            if (lane is RunningLane)
                InRun?.Invoke();
            lane.Run(whole);
        });
        Budget[] budgets = [.. Enumerable.Range(0, 5).Select(i => 1 << i).Where(c => c <= cores).Select(c => new Budget(c, plan, c))];
        return new LooseRunner(new(1, "test", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, budgets) { Times = Times }, options);
    }

    /// <summary>Parts of these sizes.</summary>
    public static Request[] Parts(params int[] sizes) => [.. sizes.Select((size, i) => Part(Enumerable.Range(0, size).Select(k => (float)((1000 * i) + k)).ToArray()))];

    /// <summary>Checks the outputs of such parts, and disposes of them.</summary>
    public static bool AreRight(LooseOutput[] outputs, params int[] sizes)
    {
        bool right = outputs.Length == sizes.Length;
        for (int i = 0; i < outputs.Length; i++)
        {
            float[] y = outputs[i].Get<float>(0).ToArray();
            right &= y.SequenceEqual(Enumerable.Range(0, sizes[i]).Select(k => -(float)((1000 * i) + k)));
            outputs[i].Dispose();
        }
        return right;
    }

    private static Request Part(float[] x) => (ref InputBinder b) =>
    {
        b.Dim(x.Length);
        b.Copy<float>(0, x);
    };
}
