using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Core.Graph;
using Cleave.Ensembles.Serving;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Cleave.Tuning;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>What <c>cleave tune --ensemble</c> wrote for this machine is what the runner goes by.</summary>
public sealed class TunedEnsembleTests : IDisposable
{
    private const int Cores = 2;

    // A place below the tests' folder that no other test has.
    private readonly string _place = "tuned-" + Guid.NewGuid().ToString("N") + "/Vision.ensemble";

    private static readonly ModelDefinition Model = Definitions.Batched(Proto);

    private static ModelProto Proto => Onnx.Model(
        [Tensor("x", ElementType.Float, "batch", 2)], [Tensor("y", ElementType.Float, "batch", 2)], [Node("Mul", ["x", "two"], ["y"])], [Floats("two", [], 2)]);

    private string Folder => Path.Combine(AppContext.BaseDirectory, Path.GetDirectoryName(_place)!);

    public TunedEnsembleTests() => Directory.CreateDirectory(Folder);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private void Write(string text) => File.WriteAllText(Path.Combine(AppContext.BaseDirectory, _place + ".tune"), text);

    private static string Tuned(int cores, string graph) => EnsembleTuningFile.Empty.With(new EnsembleTuningSection(
        ThisMachine.Of(cores), true, [.. new[] { "m0", "m1" }.Select(n => new TunedMember(new MemberMemory(n, 1, 1), graph, []))],
        [new([new(1, 1, 32), new(1, 1, 32)], 20), new([new InstanceGroup(1, 1, 5), new InstanceGroup(9, 1, 7)], 10)])).Write();

    // The largest batch of each member.
    private (int First, int Second, ListLogger Log) Run(EnsembleOptions? options = null)
    {
        EnsembleDefinition definition = new(
            1, "Vision", Model.Inputs, [new("m0", Model, [0]), new("m1", Model, [0])], [new EnsembleOutput(Model.Outputs[0], CombinationRule.Mean, [0, 0])])
        {
            Path = _place,
        };
        ConcurrentQueue<StageSpan> spans = [];
        ListLogger log = new();
        options ??= new EnsembleOptions();
        options.Ledger = Ledgers.Own(Cores);
        options.Logger = log;
        options.Stages = spans.Enqueue;
        using LooseEnsemble ensemble = new(definition, LooseEnsemble.With([Proto, Proto], options), null);
        using LooseOutput output = ensemble.Run((ref InputBinder b) =>
        {
            b.Dim(100);
            b.Copy<float>(0, Enumerable.Repeat(1f, 200).ToArray());
        });
        Assert.All(output.Get<float>(0).ToArray(), y => Assert.Equal(2, y));
        return (spans.Where(s => s.Member == "m0").Max(s => s.Count), spans.Where(s => s.Member == "m1").Max(s => s.Count), log);
    }

    [Fact]
    public void The_best_matrix_is_used_and_the_application_wins()
    {
        Write(Tuned(Cores, Model.Hash));
        (int first, int second, ListLogger log) = Run();
        Assert.Equal((5, 7), (first, second));
        Assert.Contains(log.Lines, l => l.Contains("m0 1x<1,5>, m1 2x<1,7> (as tuned)", StringComparison.Ordinal));
        (first, second, _) = Run(new() { Cells = new System.Collections.Generic.Dictionary<string, EnsembleCell> { ["m0"] = new(1, 1, 3) } });
        Assert.Equal((3, 7), (first, second));
    }

    [Fact]
    public void What_does_not_fit_is_not_used_and_the_log_says_why()
    {
        foreach ((string text, string why) in new[]
        {
            (Tuned(Cores + 1, Model.Hash), ""), (Tuned(Cores, "h2:other"), "it was measured of other members or other graphs; tune again"), ("nonsense\n", "this is no tuning file of an ensemble"),
        })
        {
            Write(text);
            (int first, int second, ListLogger log) = Run();
            Assert.Equal((32, 32), (first, second));
            Assert.Contains(log.Lines, l => l.Contains(why, StringComparison.Ordinal) && l.Contains("Vision.ensemble.tune", StringComparison.Ordinal));
        }
    }

    /// <summary>As where CLEAVE_TUNE names a folder: a member serves in the ensemble's cells, and what it measures for itself says nothing of them.</summary>
    [Fact]
    public void Members_do_not_tune_themselves()
    {
        using TempFolder folder = new();
        EnsembleOptions options = new() { Ledger = Ledgers.Own(Cores), ConfigureMember = (_, member) => member.TuningFolder = folder.Path };
        using LooseEnsemble ensemble = LooseEnsemble.Batched([Proto, Proto], CombinationRule.Mean, options);
        // A runner that tunes itself holds its engine open until it is done.
        Assert.All(ensemble.Engine.Members, static m => Assert.Equal(0, m.Current.Now.Gate.Inside));
    }
}
