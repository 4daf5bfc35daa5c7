using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.TestKit.Ensembles;
using Xunit;

namespace Cleave.Core.Tests.Ensembles;

/// <summary>Members are allocated to devices.</summary>
public sealed class AllocationTests
{
    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(1, 25).Select(i => (ulong)i)];

    private static AllocationProblem Problem(long[] devices, params long[] weights) => new(
        [.. devices.Select((memory, d) => EnsembleDevice.Accelerator("gpu" + d, memory))],
        [.. weights.Select((w, m) => new MemberMemory("m" + m, w, 1))]);

    [Fact]
    public void The_largest_goes_first_and_each_where_most_room_is_left()
    {
        // With the default batch of 8 they take 508, 408, 308, 108.
        FirstAllocation placed = WorstFitDecreasing.Place(Problem([1000, 900], 300, 100, 500, 400));
        Assert.True(placed.Fits);
        Assert.Equal("          model 0  model 1  model 2  model 3\ndevice 0        8        -        8        -\ndevice 1        -        8        -        8\n", placed.Matrix.ToString());
    }

    [Fact]
    public void What_no_accelerator_has_room_for_goes_to_the_processor()
    {
        AllocationProblem problem = new([EnsembleDevice.Accelerator("gpu", 600), EnsembleDevice.Cpu(10_000, 4)], [new("a", 500, 1), new("b", 400, 1)]);
        FirstAllocation placed = WorstFitDecreasing.Place(problem);
        Assert.True(placed.Fits);
        Assert.Equal(new InstanceGroup(1, 1, 8), placed.Matrix[0, 0]);
        Assert.Equal(new InstanceGroup(1, 1, 8), placed.Matrix[1, 1]);
        Assert.Equal("gpu  8  -\ncpu  -  8\n", placed.Matrix.ToText(["gpu", "cpu"], ["a", "b"]).Split('\n', 2)[1]);
    }

    [Fact]
    public void A_packing_that_the_widest_place_misses_is_found_in_the_tightest()
    {
        AllocationProblem problem = Problem([1016, 616], 592, 492, 492);
        Assert.True(WorstFitDecreasing.Place(problem).Fits);
    }

    [Fact]
    public void What_does_not_fit_says_by_how_much()
    {
        AllocationProblem problem = Problem([1000, 900], 700, 700, 700);
        FirstAllocation placed = WorstFitDecreasing.Place(problem);
        Misfit misfit = Assert.Single(placed.Misfits);
        Assert.False(misfit.IsTooLarge);
        // 708 bytes, and 1000 - 708 are left.
        Assert.Equal(708 - 292, misfit.Missing);
        Assert.Equal("'m2' does not fit: gpu0, which has the most room left, lacks 0.0 MB", placed.Words(problem));
        // So much more, and it fits.
        Assert.True(WorstFitDecreasing.Place(Problem([1000 + misfit.Missing, 900], 700, 700, 700)).Fits);
        Assert.False(WorstFitDecreasing.Place(Problem([1000 + misfit.Missing - 1, 900], 700, 700, 700)).Fits);
    }

    [Fact]
    public void A_member_too_large_for_every_device_is_told_from_one_that_finds_no_room()
    {
        AllocationProblem problem = Problem([1L << 20, 1L << 21], 3 << 20, 10);
        FirstAllocation placed = WorstFitDecreasing.Place(problem);
        Misfit misfit = Assert.Single(placed.Misfits);
        Assert.True(misfit.IsTooLarge);
        Assert.StartsWith("'m0' is too large for every device: gpu1 lacks 1.0 MB even when empty", placed.Words(problem), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_to_allocate_is_refused()
    {
        Assert.Throws<ArgumentException>(() => WorstFitDecreasing.Place(new([], [new("a", 1, 1)])));
        Assert.Throws<ArgumentException>(() => WorstFitDecreasing.Place(new([EnsembleDevice.Accelerator("gpu", 1)], [])));
        AllocationProblem problem = Problem([1000], 10);
        Assert.Throws<ArgumentException>(() => AllocationSearch.Improve(problem, new AllocationMatrix(1, 1), _ => 1, new()));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void What_is_found_is_valid_no_worse_than_the_start_and_always_the_same(ulong seed)
    {
        RandomEnsembles random = new(seed, 1 + (int)(seed % 4), 1 + (int)(seed * 7 % 6), 8, 16, 32, 64);
        FirstAllocation start = WorstFitDecreasing.Place(random.Problem);
        if (!start.Fits)
        {
            Assert.True(start.Missing > 0);
            return;
        }
        Assert.True(random.Problem.IsValid(start.Matrix));
        int asked = 0;
        AllocationSearchOptions options = new(MaxIterations: 5, MaxNeighbours: 20, seed);
        FoundAllocation found = AllocationSearch.Improve(random.Problem, start.Matrix, m =>
        {
            asked++;
            Assert.True(random.Problem.IsValid(m));
            return random.Simulator.Of(m);
        }, options);
        Assert.Equal(asked, found.Evaluations);
        Assert.True(asked <= 1 + 5 * 20);
        Assert.True(random.Problem.IsValid(found.Matrix));
        Assert.True(found.Throughput >= random.Simulator.Of(start.Matrix));
        Assert.Equal(found.Steps.Order(), found.Steps);
        Assert.Equal(random.Simulator.Of(found.Matrix), found.Throughput);
        Assert.Equal(found.Matrix, AllocationSearch.Improve(random.Problem, start.Matrix, random.Simulator.Of, options).Matrix);
    }

    [Fact]
    public void A_matrix_that_does_not_run_is_not_taken()
    {
        AllocationProblem problem = Problem([10_000, 10_000], 100, 200);
        AllocationMatrix start = WorstFitDecreasing.Place(problem).Matrix;
        FoundAllocation found = AllocationSearch.Improve(problem, start, m => m.Equals(start) ? 5 : 0, new());
        Assert.Equal((start, 5.0), (found.Matrix, found.Throughput));
    }

    [Fact]
    public void One_model_is_put_on_every_device()
    {
        AllocationProblem problem = new([.. Enumerable.Range(0, 16).Select(d => EnsembleDevice.Accelerator("gpu" + d, 16_000))], [new("a", 100, 1)]);
        ThroughputSimulator simulator = new(problem, (_, _, cell) => 0.001 + cell.Batch * 0.0001, ThroughputSimulator.SamplesFor(problem));
        AllocationMatrix start = IdleAccelerators.Fill(problem, WorstFitDecreasing.Place(problem).Matrix, [1]);
        FoundAllocation found = AllocationSearch.Improve(problem, start, simulator.Of, new());
        Assert.All(Enumerable.Range(0, 16), d => Assert.True(found.Matrix[d, 0].Count == 1));
    }

    [Fact]
    public void Eight_members_are_allocated_to_many_cores_in_a_bounded_number_of_runs()
    {
        AllocationProblem problem = new([EnsembleDevice.Cpu(1L << 40, 64)], [.. Enumerable.Range(0, 8).Select(static m => new MemberMemory("m" + m, 1000, 1))]);
        ThroughputSimulator simulator = new(
            problem, static (_, m, cell) => (m + 1) * (0.0001 + (cell.Batch * 0.001 / (0.5 + (0.5 * cell.Threads)))), ThroughputSimulator.SamplesFor(problem));
        AllocationMatrix start = WorstFitDecreasing.Place(problem).Matrix;
        FoundAllocation found = AllocationSearch.Improve(problem, start, simulator.Of, new());
        // A member's last batch may be a smaller one. Half a million runs for each matrix took minutes.
        Assert.InRange(found.Evaluations, 2, 3_001);
        Assert.InRange(simulator.Runs, 1, found.Evaluations * (8_192L + 8));
        Assert.True(found.Throughput > simulator.Of(start) * 2);
    }

    [Theory]
    [InlineData(1, "<1,8>")]
    [InlineData(2, "<1,8> 2x<1,8> <2,8>")]
    [InlineData(4, "<1,8> 2x<1,8> 4x<1,8> <2,8> 2x<2,8> <4,8>")]
    [InlineData(6, "<1,8> 2x<1,8> 4x<1,8> 6x<1,8> <2,8> 2x<2,8> 3x<2,8> <4,8> <6,8>")]
    [InlineData(12, "<1,8> 2x<1,8> 4x<1,8> 8x<1,8> 12x<1,8> <2,8> 2x<2,8> 4x<2,8> 6x<2,8> <4,8> 2x<4,8> 3x<4,8> <8,8> <12,8>")]
    public void A_member_may_have_all_cores_however_many_there_are(int cores, string expected) =>
        Assert.Equal(expected, string.Join(" ", EnsembleDevice.Cpu(1000, cores, 8).Choices));

    [Fact]
    public void A_heavy_member_is_given_all_of_six_cores()
    {
        AllocationProblem problem = new([EnsembleDevice.Cpu(1L << 40, 6)], [new("heavy", 1000, 1), new("light", 1000, 1)]);
        ThroughputSimulator simulator = new(problem, static (_, m, cell) => (m == 0 ? 0.010 : 0.001) * cell.Batch / Math.Pow(cell.Threads, 0.9), ThroughputSimulator.SamplesFor(problem));
        FoundAllocation found = AllocationSearch.Improve(problem, WorstFitDecreasing.Place(problem).Matrix, simulator.Of, new());
        // Four cores for it give 400 at most, all six for both 545.
        Assert.InRange(found.Throughput, 500, 546);
    }

    [Theory]
    [InlineData(2, 8)]
    [InlineData(3, 8)]
    [InlineData(5, 16)]
    public void Members_that_are_equally_slow_get_the_cores_that_are_left(int members, int cores)
    {
        AllocationProblem problem = new([EnsembleDevice.Cpu(1L << 40, cores)], [.. Enumerable.Range(0, members).Select(static m => new MemberMemory("m" + m, 1000, 1))]);
        ThroughputSimulator simulator = new(problem, static (_, _, cell) => (0.0001 + (cell.Batch * 0.001)) / Math.Pow(cell.Threads, 0.7), ThroughputSimulator.SamplesFor(problem));
        AllocationMatrix start = WorstFitDecreasing.Place(problem).Matrix;
        FoundAllocation found = AllocationSearch.Improve(problem, start, simulator.Of, new(), simulator.SecondsOfAll);
        // No single cell changes the throughput of the start. All cores at work do 1,000 samples a second each.
        Assert.InRange(simulator.Of(start), 900, 1000);
        Assert.InRange(found.Throughput, 0.9 * 1000 * cores / members, 1000.0 * cores / members);
        Assert.Equal(found.Throughput, simulator.Of(found.Matrix));
    }

    [Fact]
    public void A_step_that_raises_nothing_in_the_end_is_not_kept()
    {
        AllocationProblem problem = Problem([1000], 10, 10);
        AllocationMatrix start = WorstFitDecreasing.Place(problem).Matrix;
        FoundAllocation found = AllocationSearch.Improve(problem, start, static _ => 1, new(), static m => -m.Cells.Sum(static c => c.Batch));
        Assert.Equal(start, found.Matrix);
        Assert.Equal([1], found.Steps);
        // Once from the start and once from each of two steps, then it ends.
        Assert.InRange(found.Evaluations, 10, 3 * 8);
    }

    [Fact]
    public void What_is_predicted_is_no_slower_than_what_is_used_anyway()
    {
        // Each member is slow where it is, and there is no room to change places by one cell.
        AllocationProblem problem = Problem([100, 100], 60, 60);
        ThroughputSimulator simulator = new(problem, static (d, m, cell) => (d == m ? 10 : 1) * cell.Batch, ThroughputSimulator.SamplesFor(problem));
        InstanceGroup cell = new(1, 1, 8);
        AllocationMatrix slow = AllocationMatrix.Of(2, 2, [cell, default, default, cell]), fast = AllocationMatrix.Of(2, 2, [default, cell, cell, default]);
        double most = AllocationSearch.Improve(problem, fast, simulator.Of, new()).Throughput;
        Assert.True(AllocationSearch.Improve(problem, slow, simulator.Of, new(), simulator.SecondsOfAll).Throughput < most / 9);
        Assert.Equal(most, AllocationSearch.Predict(problem, slow, fast, simulator).Throughput);
        Assert.Equal(most, AllocationSearch.Predict(problem, fast, slow, simulator).Throughput);
        // What has not the memory is not used.
        Assert.True(AllocationSearch.Predict(problem, slow, AllocationMatrix.Of(2, 2, [cell, cell, cell, cell]), simulator).Throughput < most / 9);
    }

    [Fact]
    public void Neighbours_are_another_batch_a_copy_more_and_a_copy_less()
    {
        // Room for every batch, and for both members on a device.
        AllocationProblem problem = Problem([1000, 1000], 100, 100);
        InstanceGroup small = problem.Devices[0].Choices[0];
        AllocationMatrix matrix = new AllocationMatrix(2, 2).With(0, 0, small).With(1, 0, small).With(0, 1, small);
        List<AllocationMatrix> neighbours = AllocationSearch.Neighbours(problem, matrix);
        int choices = problem.Devices[0].Choices.Count;
        // Two copies less: the last instance of the second member stays. One cell is empty, and three may have another batch.
        Assert.Equal(2 + choices + 3 * (choices - 1), neighbours.Count);
        Assert.Contains(matrix.With(0, 0, default), neighbours);
        Assert.Contains(matrix.With(1, 0, default), neighbours);
        Assert.DoesNotContain(matrix.With(0, 1, default), neighbours);
        Assert.All(neighbours, n => Assert.Equal(1, Enumerable.Range(0, 4).Count(i => n[i / 2, i % 2] != matrix[i / 2, i % 2])));
    }

    [Fact]
    public void Found_matrices_are_near_the_best_of_all()
    {
        List<double> below = [];
        for (ulong seed = 1; below.Count < 24; seed++)
        {
            (int devices, int models) = (seed % 3) switch
            {
                0 => (2, 3),
                1 => (3, 2),
                _ => (2, 4),
            };
            RandomEnsembles random = new(seed, devices, models, 8, 32);
            if (WorstFitDecreasing.Place(random.Problem) is not { Fits: true } start)
                continue;
            FoundAllocation found = AllocationSearch.Improve(random.Problem, start.Matrix, random.Simulator.Of, new());
            double optimum = random.Optimum();
            Assert.True(found.Throughput <= optimum);
            below.Add(1 - found.Throughput / optimum);
        }
        Assert.True(below.Average() <= 0.05, $"{below.Average():P1} below on average, {below.Max():P1} at most");
    }
}
