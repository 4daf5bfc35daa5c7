using System;
using System.Linq;
using System.Threading;
using Cleave.Elements;
using Cleave.Ensembles;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>What a member gives is combined when it is there, not once all have run: seen from within a member that has not run yet.</summary>
public sealed class CombinedWhileRunningTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Of_a_request_that_members_run_whole(int cores)
    {
        ModelProto[] models = [Models.Times(3), Models.Times(5), Models.Times(7)];
        OutputSlot<float>? result = null;
        bool[] seen = new bool[models.Length];
        // Each but the first waits until the one before it stands in the result.
        ModelDefinition[] members = [.. models.Select((model, m) => Watched(model, () =>
        {
            if (m > 0 && result is { } stack)
                seen[m] = SpinWait.SpinUntil(() => stack.Span.Length == 12 && stack.Span[(4 * (m - 1))..(4 * m)].SequenceEqual([.. Enumerable.Repeat(1f + (2 * m), 4)]), Patience);
        }))];
        EnsembleDefinition definition = new(
            1, "Vision", members[0].Inputs, [.. members.Select((d, m) => new EnsembleMember("m" + m, d, [0]))], [new EnsembleOutput(members[0].Outputs[0], CombinationRule.Stack, new int[models.Length])]);
        EnsembleEngine engine = new(definition, LooseEnsemble.With(models, new() { Ledger = Ledgers.Own(cores) }));
        try
        {
            InputBinder binder = new(engine);
            binder.Copy<float>(0, new float[] { 1, 1, 1, 1 });
            EnsembleCall call = (EnsembleCall)binder.Finish();
            result = (OutputSlot<float>)call.Outputs[0];
            call.Run(static (_, _) => { }, CancellationToken.None);
            Assert.Equal([false, true, true], seen);
            Assert.Equal([3, 3, 3, 3, 5, 5, 5, 5, 7, 7, 7, 7], result.Span.ToArray());
            call.Release(call.Generation);
        }
        finally
        {
            engine.Dispose();
        }
    }

    private static ModelDefinition Watched(ModelProto model, Action before)
    {
        ModelDefinition plain = Definitions.Of(model);
        Segment whole = new("Whole", "*", plain.Inputs, plain.Outputs);
        Plan plan = new("Whole", [whole], lane =>
        {
            // Opening the plan reads it.
            if (lane is RunningLane)
                before();
            lane.Run(whole);
        });
        return Definitions.Of(model, [new Budget(1, plan, 1)]);
    }
}
