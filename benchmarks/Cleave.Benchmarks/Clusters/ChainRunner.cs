using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Foundation;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Generated;

namespace Cleave.Benchmarks.Clusters;

/// <summary>Layers one after the other, cut into equal pieces that are dealt out to lanes by hand: what a planner would never do.</summary>
/// <param name="path">A model of <see cref="SyntheticModels.Layers"/>.</param>
/// <param name="layers">How many layers it has, a multiple of the pieces.</param>
/// <param name="width">How wide they are.</param>
/// <param name="rows">How many rows go through them.</param>
/// <param name="laneOfPiece">The lane of each piece; one piece is the whole model.</param>
/// <param name="timeline">What records the lanes, if anything does.</param>
internal sealed class ChainRunner(string path, int layers, int width, int rows, int[] laneOfPiece, Timeline? timeline = null)
    : ModelRunner<float[], ChainRunner.Output>(Define(path, layers, width, rows, laneOfPiece), Options(path, laneOfPiece.Length > 1, timeline))
{
    // MatMul, Relu, Add.
    private const int NodesOfLayer = 3;

    public Call NewCall()
    {
        InputBinder binder = NewBinder();
        return new Call(Rent(ref binder));
    }

    protected override void Bind(float[] input, ref InputBinder binder) => binder.Copy<float>(0, input);

    protected override Output Collect(OutputBuffers outputs) => new(outputs);

    // The whole chain on one thread, whatever would be faster.
    private static RunnerOptions Options(string path, bool split, Timeline? timeline) => new()
    {
        Model = ModelSource.File(path),
        Plan = split ? PlanChoice.Split : PlanChoice.Whole,
        Hint = split ? RunnerHint.Latency : RunnerHint.Throughput,
        Timeline = timeline,
    };

    private static ModelDefinition Define(string path, int layers, int width, int rows, int[] laneOfPiece)
    {
        Value[] cuts = [.. Enumerable.Range(0, laneOfPiece.Length + 1).Select(i => Value.Tensor<float>("x" + (i * layers / laneOfPiece.Length), rows, width))];
        Segment whole = new("Whole", "*", [cuts[0]], [cuts[^1]]);
        List<Budget> budgets = [new(1, new Plan("Whole", [whole], lane => lane.Run(whole)), 1)];
        if (laneOfPiece.Length > 1)
        {
            Plan plan = Deal(cuts, layers / laneOfPiece.Length, laneOfPiece);
            budgets.Add(new Budget(plan.Lanes.Length, plan, [.. plan.Lanes.Select(static _ => 1)]));
        }
        string hash = ListingWriter.Hash(ModelReader.Read(ByteSource.FromBytes(File.ReadAllBytes(path)), CancellationToken.None));
        return new ModelDefinition(1, "chain", path, hash, [cuts[0]], [cuts[^1]], [.. budgets]);
    }

    private static Plan Deal(Value[] cuts, int layersOfPiece, int[] laneOfPiece)
    {
        int nodes = layersOfPiece * NodesOfLayer;
        Segment[] segments = [.. Enumerable.Range(0, laneOfPiece.Length).Select(i =>
            new Segment("Piece" + i, $"{i * nodes}-{((i + 1) * nodes) - 1}", [cuts[i]], [cuts[i + 1]]))];
        return new Plan("Chain", segments, [.. Enumerable.Range(0, laneOfPiece.Max() + 1).Select(number => (Action<Lane>)(lane => Follow(lane, number)))]);

        void Follow(Lane lane, int number)
        {
            for (int i = 0; i < segments.Length; i++)
            {
                if (laneOfPiece[i] != number)
                    continue;
                if (i > 0 && laneOfPiece[i - 1] != number)
                    lane.Receive(cuts[i]);
                lane.Run(segments[i]);
                if (i + 1 < segments.Length && laneOfPiece[i + 1] != number)
                    lane.Send(cuts[i + 1]);
            }
        }
    }

    internal sealed class Call(CallBuffers buffers) : ModelCall(buffers);

    internal sealed class Output(OutputBuffers buffers) : IDisposable
    {
        public void Dispose() => buffers.Dispose();
    }
}
