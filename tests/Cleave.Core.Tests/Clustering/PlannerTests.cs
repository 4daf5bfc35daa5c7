using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Schedule;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Clustering;

/// <summary>What is planned for models at hand, with the table that ships.</summary>
public sealed class PlannerTests : IDisposable
{
    private static readonly CostModel Device = new(DeviceTables.Find(DeviceTables.Avx2)!);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Two_towers_are_two_lanes_on_two_cores_and_one_session_on_one()
    {
        BudgetTable table = Plan("two_tower_8x256");

        Assert.Equal([1], table.Rows[0].Chosen.Threads);
        PlannedRun two = table.Rows[1].Chosen;
        Assert.Equal([1, 1], two.Threads);
        Assert.Equal(3, two.Plan.Segments.Count);
        // The trunk runs its tower, waits for the other one, and joins them.
        Assert.Collection(two.Plan.Lanes[0].Statements,
            s => Assert.IsType<Statement.Run>(s), s => Assert.Equal(1, Assert.IsType<Statement.Receive>(s).From), s => Assert.IsType<Statement.Run>(s));
        Assert.Collection(two.Plan.Lanes[1].Statements,
            s => Assert.IsType<Statement.Run>(s), s => Assert.Equal(0, Assert.IsType<Statement.Send>(s).To));
        Assert.StartsWith("1.", table.Rows[1].Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_with_equal_lanes_share_a_plan_and_differ_in_threads()
    {
        // How far products of few rows gain by threads is for each machine to say; here two threads take 0.6 of the time of one.
        BudgetTable table = Planner.Plan(Sized("two_tower_6x512"), new CostModel(Shared(Device.Table)), new PlanOptions { Mode = PlanMode.Auto });
        BudgetRow[] rows = [.. table.Rows.Where(r => r.Cores is 2 or 4 or 8)];

        Assert.Equal(2, table.Plans.Count);
        Assert.Equal([[1, 1], [2, 2], [4, 4]], rows.Select(r => r.Chosen.Threads));
        Assert.All(rows, r => Assert.Same(table.Plans[1], r.Chosen.Plan));
    }

    [Fact]
    public void Planning_can_be_cancelled() => Assert.Throws<OperationCanceledException>(
        () => Planner.Plan(Sized("two_tower_6x512"), Device, new PlanOptions { Cancellation = new CancellationToken(canceled: true) }));

    [Fact]
    public void Eight_towers_have_as_many_lanes_as_cores()
    {
        BudgetTable table = Plan("eight_tower_4x512");

        Assert.Equal([1, 2, 4, 8], table.Rows.Where(r => r.Cores is 1 or 2 or 4 or 8).Select(r => r.Chosen.Threads.Length));
    }

    [Theory]
    [InlineData(7, 8)]
    [InlineData(9, 16)]
    public void Towers_have_as_many_lanes_as_there_are_of_them(int towers, int cores)
    {
        File.WriteAllBytes(Path.Combine(_folder.Path, "towers.onnx"), Towers.SideBySide("towers", towers, 4, 512).ToByteArray());
        Assert.Equal(towers, Plan("towers", PlanMode.Split).Rows.Single(r => r.Cores == cores).Chosen.Threads.Length);
    }

    [Theory]
    [InlineData("chain")]
    [InlineData("one_node")]
    [InlineData("only_constants")]
    public void What_is_no_two_paths_is_one_session_even_where_a_split_is_asked_for(string name)
    {
        foreach (PlanMode mode in new[] { PlanMode.Auto, PlanMode.Split })
        {
            BudgetTable table = Plan(name, mode);
            Assert.All(table.Rows, r => Assert.False(r.Chosen.Plan.IsSplit));
            Assert.Equal("nothing in it can run side by side", table.Rows[1].Why);
        }
    }

    [Fact]
    public void A_split_is_chosen_only_above_the_margin_and_forced_whatever_it_takes()
    {
        BudgetTable auto = Plan("random_dag_200"), whole = Plan("random_dag_200", PlanMode.Whole), forced = Plan("random_dag_200", PlanMode.Split);

        Assert.All(auto.Rows, r => Assert.False(r.Chosen.Plan.IsSplit));
        Assert.Contains("longer than one session", auto.Rows[1].Why, StringComparison.Ordinal);
        Assert.All(whole.Rows, r => Assert.Equal((false, "asked for"), (r.Chosen.Plan.IsSplit, r.Why)));
        Assert.All(forced.Rows.Skip(1), r => Assert.True(r.Chosen.Plan.IsSplit));
        Assert.True(forced.Rows[1].Chosen.Nanoseconds > forced.Rows[1].Whole.Nanoseconds);
    }

    [Fact]
    public void Thousands_of_sessions_are_not_worth_any_gain()
    {
        BudgetTable table = Plan("random_dag_5000");

        Assert.All(table.Rows, r => Assert.False(r.Chosen.Plan.IsSplit));
        Assert.Matches("but takes [0-9]{3,} sessions", string.Join("; ", table.Rows.Select(r => r.Why)));
        Assert.True(Plan("random_dag_5000", PlanMode.Split).Rows[1].Chosen.Plan.Segments.Count > 100);
    }

    [Fact]
    public void Branches_of_one_task_each_get_a_lane_each()
    {
        BudgetTable table = Planner.Plan(Stages(4, 4, 1024), new CostModel(OneThread(Device.Table)), new PlanOptions { Cores = [2, 4, 8], Mode = PlanMode.Split });

        Assert.Equal([2, 4, 4], table.Rows.Select(static r => r.Split!.Threads.Length));
    }

    [Fact]
    public void A_split_that_takes_too_many_sessions_does_not_displace_one_that_runs()
    {
        // Two lanes cut it into three segments for each stage, four lanes into five.
        BudgetTable table = Planner.Plan(Stages(28, 4, 512), new CostModel(OneThread(Device.Table)), new PlanOptions { Cores = [2, 4] });

        FoundSplit two = table.Rows[0].Split!;
        Assert.True(table.Rows[0].Chosen.Plan.IsSplit, table.Rows[0].Why + " " + two.Segments);
        Assert.Same(two.Run, table.Rows[1].Chosen);
    }

    [Fact]
    public void Whatever_is_chosen_is_at_least_as_fast_as_the_best_session_and_all_that_runs_is_in_it()
    {
        foreach (string name in new[] { "siamese", "nasnet_small", "lstm_bidirectional", "detector", "if_inside", "bert_tiny_qdq", "experts_16x2x128" })
        {
            SizedGraph graph = Sized(name);
            BudgetTable table = Planner.Plan(graph, Device, new PlanOptions());
            foreach (BudgetRow row in table.Rows)
            {
                Assert.True(row.Chosen.Plan.IsSplit ? row.Chosen.Nanoseconds * (1 + PlanOptions.Margin) < row.Whole.Nanoseconds : row.Chosen == row.Whole);
                Assert.True(row.Chosen.Threads.Sum() <= row.Cores);
                Assert.Equal(
                    Enumerable.Range(0, graph.Graph.Nodes.Count).Where(n => graph.Graph.GroupOf[n] >= 0),
                    row.Chosen.Plan.Segments.SelectMany(s => s.Nodes).Distinct().Order());
                Assert.DoesNotContain(row.Chosen.Plan.Segments.SelectMany(s => s.Reads), r => !graph.Graph.CanCut(r) && !graph.Graph.Index.IsInput(r));
            }
            Assert.Equal(new GraphCost(graph, Device).Whole(1), table.Rows[0].Whole.Nanoseconds, 1e-3);
            Assert.Equal(Text(table), Text(Planner.Plan(Sized(name), Device, new PlanOptions())));
        }
    }

    [Theory]
    [InlineData(1024, 12, 4, false)]
    [InlineData(500, 12, 4, true)]
    [InlineData(1024, 2, 4, true)]
    public void Beside_large_weights_a_split_must_gain_what_those_of_one_thread_take(int width, int before, int side, bool isSplit)
    {
        SizedGraph graph = Fork(width, before, side);
        BudgetRow row = Planner.Plan(graph, new CostModel(OneThread(Device.Table)), new PlanOptions { Cores = [2] }).Rows[0];

        Assert.Equal(width == 1024, graph.WeightBytes >= PlanOptions.LargeWeights);
        Assert.InRange(row.Whole.Nanoseconds / row.Split!.Nanoseconds, 1.15, before == 12 ? 1.2 : 1.6);
        Assert.Equal(isSplit, row.Chosen.Plan.IsSplit);
        Assert.Equal(!isSplit, row.Why.EndsWith("x one session of one thread, but less than 1.20x one thread, for which such weights are in memory once more", StringComparison.Ordinal));
        // What is asked for is done.
        Assert.True(Planner.Plan(graph, new CostModel(OneThread(Device.Table)), new PlanOptions { Cores = [2], Mode = PlanMode.Split }).Rows[0].Chosen.Plan.IsSplit);
    }

    [Fact]
    public void A_split_is_measured_against_the_fastest_session_even_where_its_threads_gain_too_little_to_be_chosen()
    {
        SizedGraph graph = Fork(500, 12, 4);
        BudgetRow alone = Planner.Plan(graph, new CostModel(OneThread(Device.Table)), new PlanOptions { Cores = [2] }).Rows[0];
        // Two threads take 0.92 of the time of one.
        BudgetRow row = Planner.Plan(graph, new CostModel(Shared(Device.Table, 0.92)), new PlanOptions { Cores = [2] }).Rows[0];

        Assert.True(alone.Chosen.Plan.IsSplit);
        Assert.Equal([1], row.Whole.Threads);
        Assert.Equal([2], row.Fastest.Threads);
        Assert.InRange(row.Whole.Nanoseconds / row.Split!.Nanoseconds, 1.15, 1.2);
        Assert.False(row.Chosen.Plan.IsSplit);
        Assert.Matches("^a split gains [0-9]+ % over one session of 2 threads, less than the margin of 15 %$", row.Why);
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(10, true)]
    public void A_split_that_is_mostly_overhead_is_not_chosen_however_many_threads_its_lanes_have(int work, bool isSplit)
    {
        SizedGraph graph = Branches(512);
        double branch = (Planner.Plan(graph, new CostModel(Costing(1, 1, 0)), new PlanOptions { Cores = [1] }).Rows[0].Whole.Nanoseconds - 1) / 2;
        // A call of one thread, of two, and a hand-over; a branch takes as many calls of one thread, or half of that with two threads.
        DeviceTable table = Costing(branch / work, 3 * branch / work, 0.1 * branch / work);
        BudgetRow row = Planner.Plan(graph, new CostModel(table), new PlanOptions { Cores = [4] }).Rows[0];

        Assert.Equal([2, 2], row.Split!.Threads);
        Assert.True(row.Fastest.Nanoseconds > row.Split.Nanoseconds * (1 + PlanOptions.Margin));
        Assert.Equal(isSplit, row.Chosen.Plan.IsSplit);
        Assert.Equal(!isSplit, row.Why.EndsWith("but its segments do less than they cost", StringComparison.Ordinal));
        // Calls of one thread cost less: lanes of one thread are no such split.
        Assert.Equal([1, 1], Planner.Plan(graph, new CostModel(table), new PlanOptions { Cores = [2] }).Rows[0].Chosen.Threads);

        static DeviceTable Costing(double one, double two, double handOff) => new()
        {
            Name = "costing",
            Block = Device.Table.Block,
            Calls = [one, two, two],
            HandOff = handOff,
            Threads = [1, 2, 4],
            Points = [.. Device.Table.Points.Select(p => p with { Nanoseconds = [p.Nanoseconds[0], p.Nanoseconds[0] * 0.5, p.Nanoseconds[0] * 0.5] })],
        };
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Very_many_nodes_side_by_side_are_planned_in_bounded_time(bool isWhole)
    {
        GraphProto graph = new() { Name = "wide", Input = { Make.Value("x", 1, 4) } };
        for (int i = 0; i < 80_000; i++)
        {
            graph.Node.Add(Make.Node("Exp", ["x"], ["y" + i]));
            graph.Output.Add(Make.Value("y" + i, 1, 4));
        }
        SizedGraph sized = Sized(graph);
        Stopwatch watch = Stopwatch.StartNew();
        Planner.Plan(sized, Device, new PlanOptions { Cores = [1, 2], Mode = isWhole ? PlanMode.Whole : PlanMode.Auto });
        // Generous: looking at every path for every path took longer.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), watch.Elapsed.ToString());
    }

    [Fact]
    public void Lanes_and_segments_have_names_from_the_model()
    {
        ExecutionPlan plan = Plan("two_tower_8x256").Rows[1].Chosen.Plan;

        Assert.Equal("trunk", plan.Lanes[0].Name);
        Assert.Equal("item_tower.layers.0 to 7", plan.Lanes[1].Name);
        Assert.Equal(["user_tower.layers.0 to 7", "item_tower.layers.0 to 7", "Mul to Sigmoid"], plan.Segments.Select(s => s.Name));
    }

    [Fact]
    public void Open_dimensions_have_defaults_and_wrong_names_are_told_from_right_ones()
    {
        PlanGraph bert = Sized("bert_tiny").Graph, lstm = Sized("lstm_time_major").Graph;

        Assert.Equal(["batch=1", "sequence=128"], Pairs(PlanDimensions.Of(bert, new Dictionary<string, long>())));
        Assert.Equal(["batch=1", "sequence=7"], Pairs(PlanDimensions.Of(lstm, new Dictionary<string, long> { ["sequence"] = 7 })));
        FormatException error = Assert.Throws<FormatException>(() => PlanDimensions.Of(bert, new Dictionary<string, long> { ["seq"] = 7 }));
        Assert.Contains("no dimension is called 'seq'; there are batch, sequence", error.Message, StringComparison.Ordinal);

        static string[] Pairs(IReadOnlyDictionary<string, long> sizes) => [.. sizes.Select(s => $"{s.Key}={s.Value}").Order(StringComparer.Ordinal)];
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("batch=1,sequence=16", "batch=1 sequence=16")]
    [InlineData("a=b=2, c =3", "a=b=2 c=3")]
    public void Sizes_are_read(string text, string expected) =>
        Assert.Equal(expected, string.Join(" ", PlanDimensions.Parse(text).Select(s => $"{s.Key}={s.Value}")));

    [Theory]
    [InlineData("batch", "give a name and a size")]
    [InlineData("batch=", "give a name and a size")]
    [InlineData("=1", "give a name and a size")]
    [InlineData("batch=-1", "give a name and a size")]
    [InlineData("batch=3000000000", "give a name and a size")]
    [InlineData("batch=1,batch=2", "given twice")]
    public void Sizes_that_cannot_be_understood_are_refused(string text, string why) =>
        Assert.Contains(why, Assert.Throws<FormatException>(() => PlanDimensions.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Where_sizes_are_not_known_the_whole_model_gets_every_core()
    {
        PlanGraph graph = Sized("bert_tiny").Graph;
        BudgetTable table = Planner.Plan(new SizedGraph(graph, static _ => null), Device, new PlanOptions { Cores = [1, 3, 16, 64] });

        Assert.Equal([1, 3, 16, 16], table.Rows.Select(r => Assert.Single(r.Chosen.Threads)));
        Assert.All(table.Rows, r => Assert.Contains("not known", r.Why, StringComparison.Ordinal));
        Assert.True(Sized("bert_tiny").KnownPart() > 0.99);
    }

    private static string Text(BudgetTable table) => string.Join("\n", table.Rows.Select(r =>
        FormattableString.Invariant($"{r.Cores} {r.Chosen.Plan.Key} {string.Join(",", r.Chosen.Threads)} {r.Chosen.Nanoseconds} {r.Why}")));

    private BudgetTable Plan(string name, PlanMode mode = PlanMode.Auto) => Planner.Plan(Sized(name), Device, new PlanOptions { Mode = mode });

    // Again and again pairs of products side by side, and their sum.
    private static SizedGraph Stages(int stages, int branches, int width)
    {
        GraphProto graph = new() { Name = "stages", Input = { Make.Value("x", 1, width) }, Output = { Make.Value("y", 1, width) } };
        for (int branch = 0; branch < branches; branch++)
            graph.Initializer.Add(Make.Floats("w" + branch, [width, width], new float[width * width]));
        string value = "x";
        for (int stage = 0; stage < stages; stage++)
        {
            string[] products = [.. Enumerable.Range(0, branches).Select(branch => $"p{stage}_{branch}")];
            for (int branch = 0; branch < branches; branch++)
            {
                graph.Node.Add(Make.Node("MatMul", [value, "w" + branch], [products[branch] + "m"]));
                graph.Node.Add(Make.Node("MatMul", [products[branch] + "m", "w" + branch], [products[branch]]));
            }
            value = stage == stages - 1 ? "y" : "s" + stage;
            graph.Node.Add(Make.Node("Sum", products, [value]));
        }
        return Sized(graph);
    }

    // Two chains of products that nothing joins.
    private static SizedGraph Branches(int width)
    {
        GraphProto graph = new() { Name = "branches", Input = { Make.Value("x", 1, width) }, Output = { Make.Value("y0", 1, width), Make.Value("y1", 1, width) } };
        for (int branch = 0; branch < 2; branch++)
        {
            graph.Initializer.Add(Make.Floats("w" + branch, [width, width], new float[width * width]));
            graph.Node.Add(Make.Node("MatMul", ["x", "w" + branch], ["h" + branch]));
            graph.Node.Add(Make.Node("MatMul", ["h" + branch, "w" + branch], ["y" + branch]));
        }
        return Sized(graph);
    }

    // Products one after another, and then as many on one side as on the other.
    private static SizedGraph Fork(int width, int before, int side)
    {
        GraphProto graph = new() { Name = "fork", Input = { Make.Value("x", 1, width) }, Output = { Make.Value("y", 1, width) } };
        string fork = Chain("before", "x", before), left = Chain("left", fork, side), right = Chain("right", fork, side);
        graph.Node.Add(Make.Node("Add", [left, right], ["y"]));
        return Sized(graph);

        string Chain(string name, string value, int products)
        {
            for (int i = 0; i < products; i++)
            {
                graph.Initializer.Add(Make.Floats(name + i + "w", [width, width], new float[width * width]));
                graph.Node.Add(Make.Node("MatMul", [value, name + i + "w"], [name + i]));
                value = name + i;
            }
            return value;
        }
    }

    private static SizedGraph Sized(GraphProto graph)
    {
        OnnxModel model = ModelReader.Read(ByteSource.FromBytes(Make.Model(graph).ToByteArray()), default);
        return new SizedGraph(PlanGraphBuilder.Build(ShapeInference.Infer(model)), static _ => null);
    }

    // More of them gain nothing.
    private static DeviceTable OneThread(DeviceTable table) => new()
    {
        Name = "one thread",
        Block = table.Block,
        Calls = [table.Call(1)],
        HandOff = table.HandOff,
        Threads = [1],
        Points = [.. table.Points.Select(p => p with { Nanoseconds = [p.Nanoseconds[0]] })],
    };

    private static DeviceTable Shared(DeviceTable table, double two = 0.6) => new()
    {
        Name = "shared",
        Block = table.Block,
        Calls = [table.Call(1), table.Call(1)],
        HandOff = table.HandOff,
        Threads = [1, 2],
        Points = [.. table.Points.Select(p => p with { Nanoseconds = [p.Nanoseconds[0], p.Nanoseconds[0] * two] })],
    };

    private SizedGraph Sized(string name)
    {
        string path = Path.Combine(_folder.Path, name + ".onnx");
        if (!File.Exists(path))
            path = ModelCatalog.Get(name).Write(_folder.Path);
        using ByteSource source = ByteSource.OpenFile(path);
        PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(source, default)));
        IReadOnlyDictionary<string, long> sizes = PlanDimensions.Of(graph, new Dictionary<string, long>());
        return new SizedGraph(graph, sizes);
    }
}
