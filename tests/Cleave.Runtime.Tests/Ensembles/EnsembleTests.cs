using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>Several models answer as one.</summary>
public sealed class EnsembleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly float[] Ones = [1, 1, 1, 1];

    private static void Input(ref InputBinder binder) => binder.Copy<float>(0, Ones);

    private static ModelProto[] Times(params float[] factors) => [.. factors.Select(f => Models.Times(f))];

    // Fails in every run: three elements have no such shape.
    private static ModelProto Failing() => Model(
        [Tensor("x", ElementType.Float, 4)], [Tensor("y", ElementType.Float, 4)],
        [Node("Mul", ["x", "zero"], ["none"]), Node("Gather", ["table", "index"], ["far"]), Node("Add", ["none", "far"], ["y"]), Node("Cast", ["first"], ["index"], Int("to", 7)), Node("ReduceSum", ["x"], ["first"], Int("keepdims", 0))],
        [Floats("zero", [], 0), Floats("table", [2], 1, 2)]);

    private static float Ask(LooseEnsemble ensemble)
    {
        using LooseOutput output = ensemble.Run(Input);
        return output.Get<float>(0)[0];
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    public async Task All_members_answer_whatever_way_it_is_asked(int cores)
    {
        await using LooseEnsemble ensemble = LooseEnsemble.Of(Times(1, 2, 3, 6), options: new() { Ledger = Ledgers.Own(cores) });
        Assert.Equal(["m0", "m1", "m2", "m3"], ensemble.Members);
        for (int i = 0; i < 5; i++)
            Assert.Equal(3, Ask(ensemble));
        using (LooseOutput output = await ensemble.RunAsync(Input).WaitAsync(Patience))
            Assert.Equal([3, 3, 3, 3], output.Get<float>(0).ToArray());
        foreach (LooseOutput output in await ensemble.RunManyAsync([Input, Input, Input]).WaitAsync(Patience))
        {
            Assert.Equal(3, output.Get<float>(0)[0]);
            output.Dispose();
        }
        LooseOutput kept = ensemble.Run(Input);
        await ensemble.DisposeAsync();
        Assert.Equal(3, kept.Get<float>(0)[0]);
        OutputTensor<float> tensor = kept.Get<float>(0);
        kept.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Length);
        Assert.Throws<ObjectDisposedException>(() => ensemble.Run(Input));
    }

    [Fact]
    public void Strings_reach_every_member_in_every_request()
    {
        ModelProto text = Model([Tensor("x", ElementType.String, "n")], [Tensor("y", ElementType.String, "n")], [Node("Identity", ["x"], ["y"])]);
        using LooseEnsemble ensemble = LooseEnsemble.Of([text, text], CombinationRule.Stack);
        for (int i = 0; i < 3; i++)
        {
            using LooseOutput output = ensemble.Run((ref InputBinder b) =>
            {
                b.Dim(2);
                b.Copy<string>(0, new[] { "a", "b" });
            });
            Assert.Equal(["a", "b", "a", "b"], output.Get<string>(0).ToArray());
            Assert.Equal([2, 2], output.Get<string>(0).Shape.ToArray());
        }
    }

    [Fact]
    public void Dimensions_of_a_member_follow_from_the_ensembles_inputs()
    {
        // The second calls the dimension otherwise, the third has it fixed, the fourth takes any shape.
        ModelProto[] models =
        [
            Abs(Tensor("x", ElementType.Float, "batch", 2), Tensor("y", ElementType.Float, "batch", 2)),
            Abs(Tensor("other", ElementType.Float, "N", 2), Tensor("y", ElementType.Float, "N", 2)),
            Abs(Tensor("x", ElementType.Float, 3, 2), Tensor("y", ElementType.Float, 3, 2)),
            Models.AnyShape(),
        ];
        using LooseEnsemble ensemble = LooseEnsemble.Of(models);
        using LooseOutput output = ensemble.Run((ref InputBinder b) =>
        {
            b.Dim(3);
            b.Copy<float>(0, new float[] { -1, 2, -3, 4, -5, 6 });
        });
        Assert.Equal([1, 2, 3, 4, 5, 6], output.Get<float>(0).ToArray());

        static ModelProto Abs(ValueInfoProto input, ValueInfoProto output) => Model([input], [output], [Node("Abs", [input.Name], [output.Name])]);
    }

    [Fact]
    public void An_own_rule_gets_what_the_members_gave_and_may_give_another_shape()
    {
        using LooseEnsemble ensemble = LooseEnsemble.Of(Times(2, 5), CombinationRule.Custom, combine: (output, members) =>
            members.Set(new OutputTensor<float>([members.Tensor<float>(0)[0], members.Tensor<float>(1)[0] - output], 1, 2)));
        using LooseOutput output = ensemble.Run(Input);
        Assert.Equal([2, 5], output.Get<float>(0).ToArray());
        Assert.Equal([1, 2], output.Get<float>(0).Shape.ToArray());
    }

    [Fact]
    public async Task An_own_rule_that_throws_fails_its_request_only()
    {
        int asked = 0;
        using LooseEnsemble ensemble = LooseEnsemble.Of(Times(2, 5), CombinationRule.Custom, combine: (_, members) =>
        {
            if (Interlocked.Increment(ref asked) % 2 == 1)
                throw new FormatException("odd");
            members.Set(members.Tensor<float>(1));
        });
        for (int i = 0; i < 3; i++)
        {
            CleaveException e = Assert.Throws<CleaveException>(() => ensemble.Run(Input));
            Assert.Equal("CLV4031", e.Id);
            Assert.Equal("CLV4031: The ensemble 'Vision' could not combine the output 'y'; mend its rule, or take one that fits these outputs: FormatException: odd", e.Message);
            Assert.IsType<FormatException>(e.InnerException);
            Assert.Equal(5, Ask(ensemble));
        }
        Assert.Equal("CLV4031", (await Assert.ThrowsAsync<CleaveException>(() => ensemble.RunAsync(Input).WaitAsync(Patience))).Id);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_member_that_fails_on_every_request_is_named_and_takes_nothing_with_it(int cores)
    {
        await using LooseEnsemble ensemble = LooseEnsemble.Of([Models.Times(1), Failing(), Models.Times(2)], options: new() { Ledger = Ledgers.Own(cores) });
        await using LooseEnsemble other = LooseEnsemble.Of(Times(1, 3), options: new() { Ledger = Ledgers.Own(cores) });
        for (int i = 0; i < 20; i++)
        {
            CleaveException e = Assert.Throws<CleaveException>(() => ensemble.Run(Input));
            Assert.Equal("CLV4030", e.Id);
            Assert.StartsWith("CLV4030: The ensemble 'Vision' has no output for a request, because its member 'm1' failed; mend what it says, or take the member off the item:", e.Message, StringComparison.Ordinal);
            Assert.Equal("CLV4008", Assert.IsType<CleaveException>(e.InnerException).Id);
            Assert.Equal(2, Ask(other));
        }
        Assert.Equal("CLV4030", (await Assert.ThrowsAsync<CleaveException>(() => ensemble.RunAsync(Input).WaitAsync(Patience))).Id);
        CleaveException part = await Assert.ThrowsAsync<CleaveException>(() => ensemble.RunManyAsync([Input, Input, Input]).WaitAsync(Patience));
        Assert.Equal("CLV4011", part.Id);
        Assert.Matches(@"^CLV4011: The model 'Vision' failed for inputs\[[0-2]\] of 3 inputs, so none of them has an output: CLV4030: The ensemble", part.Message);
        Assert.Equal("CLV4030", Assert.IsType<CleaveException>(part.InnerException).Id);
    }

    [Fact]
    public void Members_whose_outputs_differ_at_run_time_fail_the_request()
    {
        ModelProto twice = Model([Tensor("x", ElementType.Float, 4)], [Tensor("y", ElementType.Float, "m")], [Node("Concat", ["x", "x"], ["y"], Int("axis", 0))]);
        using LooseEnsemble ensemble = LooseEnsemble.Of([Models.Times(1), twice]);
        CleaveException e = Assert.Throws<CleaveException>(() => ensemble.Run(Input));
        Assert.Equal("CLV4031", e.Id);
        Assert.Contains("[8]", e.Message, StringComparison.Ordinal);
        Assert.Contains("[4]", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CombinationRule.MajorityVote)]
    [InlineData(CombinationRule.SoftVote)]
    public void A_vote_on_what_turns_out_to_be_one_number_says_so(CombinationRule rule)
    {
        ModelProto sum = Model([Tensor("x", ElementType.Float, 4)], [TensorOfAnyShape("y", ElementType.Float)], [Node("ReduceSum", ["x"], ["y"], Int("keepdims", 0))]);
        using LooseEnsemble ensemble = LooseEnsemble.Of([sum, sum], rule);
        CleaveException e = Assert.Throws<CleaveException>(() => ensemble.Run(Input));
        Assert.Equal("CLV4031", e.Id);
        Assert.Contains("gave [], which has no last dimension of scores to vote on", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_that_cannot_be_opened_closes_the_others()
    {
        List<string> opened = [];
        CoreLedger ledger = Ledgers.Own(2);
        Assert.Throws<CleaveException>(() => LooseEnsemble.Of(Times(1, 2), options: new()
        {
            Ledger = ledger,
            ConfigureMember = (name, member) =>
            {
                opened.Add(name);
                if (name == "m1")
                    member.Model = ModelSource.File("/nowhere/model.onnx");
            },
        }));
        Assert.Equal(["m0", "m1"], opened);
        Assert.Empty(ledger.Runners.ToList());
    }

    [Fact]
    public async Task A_wrong_input_runs_nothing()
    {
        await using LooseEnsemble ensemble = LooseEnsemble.Of(Times(1, 2));
        Request tooLong = (ref InputBinder b) => b.Copy<float>(0, new float[5]);
        Assert.Contains("'x' of the model 'Vision' has the shape [4]", Assert.Throws<ArgumentException>(() => ensemble.Run(tooLong)).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => ensemble.RunAsync(tooLong));
        ArgumentException wrong = await Assert.ThrowsAsync<ArgumentException>(() => ensemble.RunManyAsync([Input, tooLong]));
        Assert.StartsWith("inputs[1]: The input 'x' of the model 'Vision' has the shape [4]", wrong.Message, StringComparison.Ordinal);
        Assert.StartsWith("inputs[2]: It is null.", Assert.Throws<ArgumentException>(() => ensemble.RunMany([Input, Input, null!])).Message, StringComparison.Ordinal);
        Assert.Empty(await ensemble.RunManyAsync([]));
        Assert.Throws<ArgumentException>("name", () => { _ = ensemble.ReloadMemberAsync("m7", ModelSource.Bytes(new byte[1])); });
    }

    [Fact]
    public async Task A_cancelled_request_ends_as_one()
    {
        await using LooseEnsemble ensemble = LooseEnsemble.Of(Times(1, 2));
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => ensemble.Run(Input, source.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ensemble.RunAsync(Input, source.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ensemble.RunManyAsync([Input], source.Token));
        Assert.Equal(1.5f, Ask(ensemble));
    }

    [Fact]
    public async Task A_job_that_is_let_in_while_somebody_disposes_is_answered()
    {
        LooseEnsemble ensemble = LooseEnsemble.Of(Times(1, 2));
        Task? disposal = null;
        bool isLetIn = true;
        Task<LooseOutput[]> job = ensemble.RunManyAsync([(ref InputBinder binder) =>
        {
            // Inside: disposal waits for this.
            disposal = OwnThread.Run(ensemble.Dispose);
            Assert.True(SpinWait.SpinUntil(() => !(isLetIn = IsLetIn(ensemble)), Patience));
            Input(ref binder);
        }]);
        LooseOutput output = Assert.Single(await job.WaitAsync(Patience));
        Assert.Equal(1.5f, output.Get<float>(0)[0]);
        output.Dispose();
        await disposal!.WaitAsync(Patience);
        await ensemble.DisposeAsync().AsTask().WaitAsync(Patience);

        static bool IsLetIn(LooseEnsemble ensemble) => ensemble.RunManyAsync([]).Exception?.InnerException is not ObjectDisposedException;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_disposal_that_waits_long_says_so(bool asynchronously)
    {
        ListLogger logger = new();
        LooseEnsemble ensemble = LooseEnsemble.Of(Times(1, 2), options: new() { Logger = logger });
        ensemble.Engine.Closing.Step = TimeSpan.FromMilliseconds(20);
        using ManualResetEventSlim over = new();
        Task<LooseOutput> running = OwnThread.Run(() => ensemble.Run((ref InputBinder binder) =>
        {
            over.Wait();
            Input(ref binder);
        }));
        Assert.True(SpinWait.SpinUntil(() => ensemble.Engine.Gate.Inside == 1, Patience));
        Task disposal = asynchronously
            ? ensemble.DisposeAsync().AsTask()
            : OwnThread.Run(ensemble.Dispose);
        Assert.True(SpinWait.SpinUntil(() => logger.Warnings.Length >= 2, Patience));
        Assert.Contains("still waits to dispose Vision", logger.Warnings[0]);
        Assert.Contains("1 requests (2 members) run or wait", logger.Warnings[0]);
        over.Set();
        (await running.WaitAsync(Patience)).Dispose();
        await disposal.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_disposal_that_is_interrupted_ends_without_its_thread()
    {
        LooseEnsemble ensemble = LooseEnsemble.Of(Times(1, 2));
        using ManualResetEventSlim over = new();
        Task<LooseOutput> running = OwnThread.Run(() => ensemble.Run((ref InputBinder binder) =>
        {
            over.Wait();
            Input(ref binder);
        }));
        Assert.True(SpinWait.SpinUntil(() => ensemble.Engine.Gate.Inside == 1, Patience));
        Exception? thrown = null;
        Thread first = new(() => thrown = Record.Exception(ensemble.Dispose));
        first.Start();
        Assert.True(SpinWait.SpinUntil(() => ensemble.Engine.Gate.IsClosed, Patience));
        first.Interrupt();
        Assert.True(first.Join(Patience));
        Assert.IsType<ThreadInterruptedException>(thrown);
        over.Set();
        (await running.WaitAsync(Patience)).Dispose();
        await ensemble.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.All(ensemble.Engine.Members, static m => Assert.True(m.Current.Now.Workers.Ended.IsCompleted));
    }

    [Fact]
    public async Task One_member_gets_other_weights_while_requests_go_on()
    {
        await using LooseEnsemble ensemble = LooseEnsemble.Of(Times(2, 4), options: new() { Ledger = Ledgers.Own(2) });
        using CancellationTokenSource over = new();
        Task<int>[] clients = [.. Enumerable.Range(0, 3).Select(i => Client(ensemble, over.Token, async: i == 0))];
        for (int i = 1; i <= 5; i++)
        {
            await ensemble.ReloadMemberAsync("m1", ModelSource.Bytes(Models.Times(4 + 2 * i).ToByteArray())).WaitAsync(Patience);
            Assert.Equal(3 + i, Ask(ensemble));
        }
        await over.CancelAsync();
        Assert.All(await Task.WhenAll(clients).WaitAsync(Patience), asked => Assert.True(asked > 0));

        // Answers never go back to older weights.
        static Task<int> Client(LooseEnsemble ensemble, CancellationToken over, bool async) => OwnThread.Run(() =>
        {
            int asked = 0;
            for (float last = 0; asked == 0 || !over.IsCancellationRequested; asked++)
            {
                using LooseOutput output = async ? ensemble.RunAsync(Input).GetAwaiter().GetResult() : ensemble.Run(Input);
                float answer = output.Get<float>(0)[0];
                Assert.True(answer >= last && answer == MathF.Floor(answer), $"{answer} after {last}");
                last = answer;
            }
            return asked;
        });
    }

    [Fact]
    public async Task A_model_of_another_graph_takes_no_members_place()
    {
        await using LooseEnsemble ensemble = LooseEnsemble.Of(Times(2, 4), options: new() { Ledger = Ledgers.Own(2) });
        CleaveException e = await Assert.ThrowsAsync<CleaveException>(() => ensemble.ReloadMemberAsync("m1", ModelSource.Bytes(Models.Toy().ToByteArray())).WaitAsync(Patience));
        Assert.Equal("CLV4002", e.Id);
        Assert.Equal(3, Ask(ensemble));
    }

    [Fact]
    public async Task Stress_of_every_way_in_with_failures_and_cancellation()
    {
        // Every other input makes the second member fail.
        ModelProto picky = Model(
            [Tensor("x", ElementType.Float, 4)], [Tensor("y", ElementType.Float, 4)],
            [Node("ReduceMax", ["x"], ["largest"], Int("keepdims", 0)), Node("Cast", ["largest"], ["index"], Int("to", 7)), Node("Gather", ["table", "index"], ["at"]), Node("Mul", ["x", "at"], ["y"])],
            [Floats("table", [2], 3, 3)]);
        LooseEnsemble ensemble = LooseEnsemble.Of([Models.Times(1), picky, Models.Times(5)], options: new() { Ledger = Ledgers.Own(2) });
        Task[] clients = [.. Enumerable.Range(0, 8).Select(i => OwnThread.Run(() => Client(i)).Unwrap())];
        await Task.WhenAll(clients).WaitAsync(Patience);
        await ensemble.DisposeAsync().AsTask().WaitAsync(Patience);

        async Task Client(int seed)
        {
            Random random = new(seed);
            for (int i = 0; i < 200; i++)
            {
                float value = random.Next(2) == 0 ? 1 : 9;
                Request request = (ref InputBinder b) => b.Copy<float>(0, new[] { value, value, value, value });
                using CancellationTokenSource cancel = new();
                if (random.Next(8) == 0)
                    cancel.Cancel();
                try
                {
                    LooseOutput[] outputs = (i % 3) switch
                    {
                        0 => [ensemble.Run(request, cancel.Token)],
                        1 => [await ensemble.RunAsync(request, cancel.Token)],
                        _ => await ensemble.RunManyAsync([request, request], cancel.Token),
                    };
                    Assert.Equal(1, value);
                    Assert.All(outputs, o => Assert.Equal([3, 3, 3, 3], o.Get<float>(0).ToArray()));
                    foreach (LooseOutput output in outputs)
                        output.Dispose();
                }
                catch (OperationCanceledException) when (cancel.IsCancellationRequested)
                {
                }
                catch (CleaveException e)
                {
                    Assert.Equal(9, value);
                    Assert.Contains(e.Id, new[] { "CLV4030", "CLV4011" });
                }
            }
        }
    }
}
