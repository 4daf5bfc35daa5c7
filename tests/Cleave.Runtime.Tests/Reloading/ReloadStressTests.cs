using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Reloading;

/// <summary>Reloads while requests of every kind come all the time.</summary>
public sealed class ReloadStressTests
{
    private const int Reloads = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task No_request_is_lost_and_each_is_of_one_set_of_weights()
    {
        using CancellationTokenSource over = new();
        LooseRunner runner = Runner();
        Task<int>[] clients =
        [
            Client(over.Token, () => Task.FromResult(Factor(runner.Run(Input)))),
            Client(over.Token, () => Task.FromResult(Factor(runner.Run(Input)))),
            Client(over.Token, async () => Factor(await runner.RunAsync(Input))),
            Client(over.Token, async () => Factor(await runner.RunAsync(Input))),
            Client(over.Token, async () => Factor(await runner.RunManyAsync([Input, Input, Input]))),
            Client(over.Token, CallOf(runner)),
        ];
        List<RunnerEngine> engines = [runner.Engine];
        for (int i = 1; i <= Reloads; i++)
        {
            await runner.ReloadAsync(ModelSource.Bytes(Model(1 + i).ToByteArray())).WaitAsync(Patience);
            engines.Add(runner.Engine);
            // Whoever asks from now on gets them.
            Assert.Equal(1 + i, Factor(runner.Run(Input)));
        }
        over.Cancel();
        int[] asked = await Task.WhenAll(clients).WaitAsync(Patience);
        Assert.All(asked, static count => Assert.True(count > 0));
        runner.Dispose();
        Assert.Equal(Reloads + 1, engines.Distinct().Count());
        // What went into each came out of it, and nothing is left of any.
        Assert.All(engines, static e => Assert.Equal((0, 0, 0, true), (e.Gate.Inside, e.Pool.Idle, e.Queue!.Waiting, e.Workers.Ended.IsCompleted)));
        Assert.True(engines.Sum(static e => e.Modes.Planned.Requests) > 0);
    }

    // Asks again and again; what it gets never goes back to older weights. How often it asked; every answer came.
    private static Task<int> Client(CancellationToken over, Func<Task<float>> ask) => OwnThread.Run(() =>
    {
        int asked = 0;
        float last = 0;
        do
        {
            float factor = ask().GetAwaiter().GetResult();
            Assert.True(factor >= last, $"{factor} after {last}");
            last = factor;
            asked++;
        }
        while (!over.IsCancellationRequested);
        return asked;
    });

    private static Func<Task<float>> CallOf(LooseRunner runner)
    {
        LooseCall call = runner.CreateCall(static (ref InputBinder b) => b.Dim(2));
        call.In<float>(0).Fill(1);
        return () =>
        {
            call.Run();
            return Task.FromResult(Same([call.Out<float>(0), call.Out<float>(1)]));
        };
    }

    private static float Factor(params LooseOutput[] outputs)
    {
        float factor = Same(outputs.SelectMany(static o => new[] { o.Get<float>(0), o.Get<float>(1) }));
        foreach (LooseOutput output in outputs)
            output.Dispose();
        return factor;
    }

    // Every element says by which weights it was made: two of them, in two sessions.
    private static float Same(IEnumerable<OutputTensor<float>> outputs) => Assert.Single(outputs.SelectMany(static o => o.ToArray()).Distinct());

    private static void Input(ref InputBinder binder)
    {
        binder.Dim(2);
        binder.Copy<float>(0, new float[] { 1, 1, 1, 1, 1, 1, 1, 1 });
    }

    private static ModelProto Model(float factor) => Onnx.Model(
        [Tensor("x", ElementType.Float, "batch", 4)], [Tensor("y", ElementType.Float, "batch", 4), Tensor("z", ElementType.Float, "batch", 4)],
        [Node("Mul", ["x", "f"], ["y"]), Node("Mul", ["x", "g"], ["z"])], [Floats("f", [], factor), Floats("g", [], factor)]);

    // Two lanes for those who come alone, batches for those who meet.
    private static LooseRunner Runner()
    {
        ModelProto model = Model(1);
        ModelDefinition plain = Definitions.Of(model);
        Segment first = new("First", "0", plain.Inputs, [plain.Outputs[0]]), second = new("Second", "1", plain.Inputs, [plain.Outputs[1]]);
        Plan lanes = new("TwoLanes", [first, second], lane => lane.Run(first), lane => lane.Run(second));
        ModelDefinition definition = new(1, "test", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, [plain.Budgets[0], new(2, lanes, 1, 1)])
        {
            Batch = new BatchAxis("batch", [0], [0, 0], new BatchGain(1000, 8, 3)),
        };
        return new LooseRunner(definition, new() { Model = ModelSource.Bytes(model.ToByteArray()), Cores = 2, Ledger = Ledgers.Own(2) });
    }
}
