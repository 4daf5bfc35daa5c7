using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>Which cores the members of an ensemble take, and what the ledger has of them.</summary>
public sealed class EnsembleCoresTests
{
    private const int Width = 256;

    // Long enough for another thread to come meanwhile.
    private static ModelProto Layers(int seed) => Model(
        [Tensor("x", ElementType.Float, "batch", Width)], [Tensor("y", ElementType.Float, "batch", Width)],
        [Node("MatMul", ["x", "w"], ["h"]), Node("MatMul", ["h", "w"], ["i"]), Node("MatMul", ["i", "w"], ["y"])], [Floats("w", [Width, Width], Random(Width * Width, seed))]);

    // With plans for one core and for two.
    private static LooseEnsemble Open(ModelProto[] models, EnsembleOptions options)
    {
        ModelDefinition[] definitions = [.. models.Select(m => Definitions.Batched(m)).Select(d => new ModelDefinition(1, d.Name, d.Path, d.Hash, d.Inputs, d.Outputs,
            [new Budget(1, Definitions.Whole(d.Inputs, d.Outputs), 1), new Budget(2, Definitions.Whole(d.Inputs, d.Outputs), 2)]) { Batch = d.Batch })];
        EnsembleDefinition definition = new(1, "Vision", definitions[0].Inputs, [.. definitions.Select((d, i) => new EnsembleMember("m" + i, d, [0]))],
            [new EnsembleOutput(definitions[0].Outputs[0], CombinationRule.Mean, new int[models.Length], [])]);
        return new LooseEnsemble(definition, LooseEnsemble.With(models, options), null);
    }

    private static void Ask(LooseEnsemble ensemble, int samples) => ensemble.Run((ref InputBinder b) =>
    {
        b.Dim(samples);
        b.Copy<float>(0, new float[samples * Width]);
    }).Dispose();

    // So many requests ran at once a moment ago, and the clock stands still: nobody is ever alone.
    private static CoreLedger Remembering(int cores, int together, Watch clock)
    {
        CoreLedger ledger = new(new CoreCount(() => new CoreBudget(cores, "test", null), clock), clock);
        for (int i = 0; i < together; i++)
            ledger.Enter(ledger.Now);
        for (int i = 0; i < together; i++)
            ledger.Leave(1, ledger.Now);
        clock.Ledger = ledger;
        return ledger;
    }

    private static long Requests(OpenRunner runner, int cores) => runner.Modes.Instances(Mode(runner, cores)).Sum(static m => m.Requests);

    private static int Mode(OpenRunner runner, int cores) => Enumerable.Range(0, runner.Modes.Count).First(i => runner.Modes.Cores(i) == cores);

    [Fact]
    public void Fewer_members_than_cores_have_an_equal_share_each()
    {
        Watch clock = new();
        CoreLedger ledger = Remembering(cores: 4, together: 2, clock);
        using LooseEnsemble ensemble = Open([Layers(1), Layers(2)], new() { Ledger = ledger, Segments = false });
        List<OpenRunner> members = ledger.Runners.ToList();
        foreach (OpenRunner member in members)
            member.Modes.OpenFor([1]);
        for (int i = 0; i < 100; i++)
            Ask(ensemble, 16);
        Assert.All(members, m => Assert.Equal((100, 0), (Requests(m, 2), Requests(m, 1))));
        // Each member counts once, with the cores that it has.
        Assert.InRange(clock.MostInFlight, 1, 2);
        Assert.InRange(clock.MostBusy, 2, 4);
        AssertIdle(ledger);
    }

    [Fact]
    public void Members_of_one_core_count_once_for_each_thread_that_runs_them()
    {
        Watch clock = new();
        CoreLedger ledger = Remembering(cores: 2, together: 2, clock);
        using LooseEnsemble ensemble = Open([.. Enumerable.Range(0, 5).Select(Layers)], new() { Ledger = ledger, Segments = false });
        for (int i = 0; i < 100; i++)
            Ask(ensemble, 4);
        Assert.All(ledger.Runners.ToList(), m => Assert.Equal(100, Requests(m, 1)));
        // The request's thread, one that helps, and one that meets the request before only now.
        Assert.InRange(clock.MostInFlight, 1, 3);
        Assert.InRange(clock.MostBusy, 1, 3);
        AssertIdle(ledger);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_cell_has_its_threads_whatever_else_runs(int instances)
    {
        // To others, a request has one core of four.
        Watch clock = new();
        CoreLedger ledger = Remembering(cores: 4, together: 4, clock);
        using LooseEnsemble ensemble = Open([Layers(1), Layers(2)], new()
        {
            Ledger = ledger,
            Cells = new Dictionary<string, EnsembleCell> { ["m0"] = new(2, 1, 4), ["m1"] = new(instances, 2, 4) },
        });
        List<OpenRunner> all = ledger.Runners.ToList();
        foreach (OpenRunner opened in all.Where(static r => r.Modes.Count > 1))
            opened.Modes.OpenFor([1]);
        for (int i = 0; i < 20; i++)
            Ask(ensemble, 100);
        // The batches of four samples, of twenty requests.
        const int batches = 25 * 20;
        Assert.Equal(batches, all.Where(static r => r.Modes.Count > 1).Sum(static r => Requests(r, 2)));
        Assert.Equal(2 * batches, all.Sum(static r => Enumerable.Range(0, r.Modes.Count).Sum(i => r.Modes.Instances(i).Sum(static m => m.Requests))));
        Assert.InRange(clock.MostBusy, 2, 4);
        AssertIdle(ledger);
    }

    private static void AssertIdle(CoreLedger ledger) => Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));

    // A clock that stands still, and looks at the ledger when it is asked: before a request enters or leaves.
    private sealed class Watch : TimeProvider
    {
        private readonly object _lock = new();

        public CoreLedger? Ledger { get; set; }

        public int MostInFlight { get; private set; }

        public int MostBusy { get; private set; }

        public override long GetTimestamp()
        {
            if (Ledger is not { } ledger)
                return 0;
            lock (_lock)
            {
                MostInFlight = Math.Max(MostInFlight, ledger.InFlight);
                MostBusy = Math.Max(MostBusy, ledger.Busy);
            }
            return 0;
        }
    }
}
