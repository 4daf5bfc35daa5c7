using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Cost;
using Cleave.Tool.Calibration;
using Cleave.Tool.Commands;
using Xunit;

namespace Cleave.Tool.Tests.Calibration;

/// <summary>The grid of <c>cleave calibrate</c>, and its options.</summary>
public sealed class CalibrationTests
{
    [Fact]
    public void Every_point_of_the_grid_has_the_sizes_of_its_kernel()
    {
        foreach (GridPoint point in CalibrationGrid.Load())
        {
            Kernel? kernel = Kernel.Find(point.Kernel);
            Assert.True(kernel != null && kernel.Sizes.Length == point.Sizes.Length, $"{point.Kernel} {string.Join(" ", point.Sizes)}");
        }
    }

    [Fact]
    public void No_point_of_the_grid_stands_there_twice()
    {
        string[] points = [.. CalibrationGrid.Load().Select(p => $"{p.Kernel} {string.Join(" ", p.Sizes)}")];

        Assert.Empty(points.GroupBy(p => p).Where(g => g.Count() > 1).Select(g => g.Key));
    }

    [Fact]
    public void Commas_make_every_combination()
    {
        IReadOnlyList<GridPoint> points = CalibrationGrid.Parse("# a comment\n\ngemm 1,4 64 64,128 +\nrelu 16\n");

        Assert.Equal(["1 64 64", "1 64 128", "4 64 64", "4 64 128", "16"], points.Select(p => string.Join(" ", p.Sizes)));
        Assert.Equal([true, true, true, true, false], points.Select(p => p.Scales));
    }

    [Fact]
    public void Of_blocked_channels_there_are_whole_blocks()
    {
        IReadOnlyList<GridPoint> grid = CalibrationGrid.Load();

        Assert.All(grid, static p => Assert.True(BlockedLayout.Holds(p, 8), p.Kernel));
        Assert.False(BlockedLayout.Holds(grid.Single(static p => p.Kernel == "conv1" && p.Sizes[0] == 24), 16));
        Assert.True(BlockedLayout.Holds(grid.Single(static p => p.Kernel == "conv-first" && p.Sizes[0] == 1), 16));
        GridPoint[] wide = [.. grid.Where(static p => BlockedLayout.Holds(p, 16))];
        Assert.Empty(grid.Select(static p => p.Kernel).Except(wide.Select(static p => p.Kernel)));
        Assert.True(grid.Count - wide.Length <= 5);
    }

    [Fact]
    public void Blocked_convolutions_of_the_grid_run_on_this_machine()
    {
        GridPoint[] small = [.. CalibrationGrid.Load().Where(static p => p.Kernel is "conv1" or "conv" or "reorder-out" && BlockedLayout.Holds(p, BlockedLayout.Channels()) && p.Sizes[2 % p.Sizes.Length] < 800)];
        using ChainValues values = new();

        Assert.NotEmpty(small);
        foreach (GridPoint point in small)
        {
            using ChainTimer timer = new(KernelModels.Find(point.Kernel)!, point.Sizes, threads: 1);
            timer.Open(values);
        }
    }

    /// <summary>As on ARM: a model with such a kernel is refused there.</summary>
    [Fact]
    public void Without_a_blocked_layout_its_kernels_are_left_out()
    {
        string[] kept = [.. CalibrationGrid.Load().Where(static p => BlockedLayout.Holds(p, 1)).Select(static p => p.Kernel).Distinct()];
        Assert.Contains("conv-plain", kept);
        Assert.Contains("global-pool", kept);
        Assert.Empty(kept.Intersect(["conv1", "conv", "conv-first", "conv-depthwise", "pool", "reorder-in", "reorder-out"]));
        ChainGraph graph = new();
        KernelModels.GlobalPool(1).Build(graph, [16, 49], 1);
        Assert.Equal("", Assert.Single(OnnxProto.ModelProto.Parser.ParseFrom(graph.ToBytes()).Graph.Node).Domain);
    }

    /// <summary>Measuring takes two minutes; what comes before takes none.</summary>
    [Fact]
    public async Task Where_the_table_cannot_be_written_nothing_is_measured()
    {
        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        ToolRun run = await ToolRun.Of("calibrate", "-o", Path.Combine("nowhere", "device.txt"));
        Assert.Equal(1, run.Code);
        Assert.StartsWith("cleave: error -o " + Path.Combine("nowhere", "device.txt") + ": the folder ", run.Error);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(began) < System.TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("1,x")]
    [InlineData("")]
    public async Task Thread_counts_that_make_no_sense_are_refused(string threads)
    {
        StringWriter output = new(), error = new();

        int code = await CleaveCommand.InvokeAsync(["calibrate", "--threads", threads], output, error);

        Assert.Equal(CleaveCommand.Failure, code);
        Assert.Contains("--threads", error.ToString(), StringComparison.Ordinal);
    }
}
